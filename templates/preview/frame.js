// Runs inside a frame of the preview, and never in what is published: tells the page around of clicks and scrolling, and finds what changed.
(() => {
  "use strict";
  const around = window.parent;
  if (around === window) return;
  const say = (message) => around.postMessage({ feeder: message }, "*");
  let due = 0;

  // ── What stands here, piece by piece, so that what a save changed can be found ────────────────────────────────

  const PIECES = "h1, h2, h3, h4, h5, h6, p, li, dt, dd, pre, td, th, figcaption, summary, div, section, img, video, audio, hr";
  const VOID = "img, video, audio, hr";
  let pieces = [], prints = [];

  function look() {
    const area = document.querySelector("main") ?? document.body;
    pieces = []; prints = [];
    for (const piece of area.querySelectorAll(PIECES)) {
      if (piece.querySelector("time")) continue; // when it was changed changes with every save
      const print = piece.matches(VOID) ? piece.outerHTML : own(piece);
      if (!print) continue;
      pieces.push(piece);
      prints.push(short(piece.tagName + print));
    }
  }

  function own(piece) {
    const inner = (node) => node.nodeType === Node.ELEMENT_NODE && (node.matches(PIECES) || node.querySelector(PIECES));
    return [...piece.childNodes].filter((node) => !inner(node)).map((node) => node.outerHTML ?? node.textContent).join("").trim();
  }

  function short(text) {
    let made = text.length;
    for (let at = 0; at < text.length; at++) made = (Math.imul(made, 31) + text.charCodeAt(at)) | 0;
    return made;
  }

  // The first piece that is looked at, and how far below the edge it begins.
  function anchor() {
    const at = pieces.findIndex((piece) => piece.getBoundingClientRect().bottom > 0);
    return at < 0 || !scrollY ? null : [at, pieces[at].getBoundingClientRect().top];
  }

  // Where the pieces differ from those of before: from which one, up to which one from the end.
  function differing(before) {
    const most = Math.min(before.length, prints.length);
    let from = 0, back = 0;
    while (from < most && before[from] === prints[from]) from++;
    while (back < most - from && before.at(-1 - back) === prints.at(-1 - back)) back++;
    return [from, back];
  }

  function place({ scroll, before, top, follow }) {
    if (scroll) scrollTo(...scroll);
    if (!Array.isArray(before) || !before.length) return;
    const [from, back] = differing(before);
    if (scroll && top) stay(before, from, back, top);
    if (!from && !back) return; // another text altogether
    const rest = before.slice(from, before.length - back);
    const changed = pieces.slice(from, pieces.length - back).filter((_, at) => !rest.includes(prints[from + at]));
    if (!changed.length) return;
    if (follow && !changed.some(seen)) changed[0].scrollIntoView({ block: changed[0].offsetHeight > innerHeight / 2 ? "start" : "center" });
    for (const piece of changed.slice(0, 100)) mark(piece);
  }

  function stay(before, from, back, [at, offset]) {
    const moved = at >= before.length - back ? at + pieces.length - before.length : Math.min(at, pieces.length - 1);
    if (pieces[moved] && (at < from || at >= before.length - back)) scrollBy(0, pieces[moved].getBoundingClientRect().top - offset);
  }

  function seen(piece) {
    const { top, bottom } = piece.getBoundingClientRect();
    return bottom > 0 && top < innerHeight - 24;
  }

  function mark(piece) {
    const colour = "rgba(224, 160, 20, ";
    piece.setAttribute("data-feeder-changed", "");
    piece.animate(
      [
        { boxShadow: `-10px 0 0 0 ${colour}.9)`, backgroundColor: `${colour}.28)` },
        { boxShadow: `-10px 0 0 0 ${colour}.9)`, backgroundColor: `${colour}.28)`, offset: 0.4 },
        { boxShadow: `-10px 0 0 0 ${colour}0)`, backgroundColor: `${colour}0)` },
      ],
      { duration: 2400 },
    );
  }

  addEventListener("scroll", () => {
    if (!due) due = requestAnimationFrame(() => { due = 0; say({ scroll: [scrollX, scrollY], top: anchor() }); });
  }, { passive: true });

  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const own = location.href.split("#")[0];
    if (link.href.split("#")[0] === own && link.hash) return;
    event.preventDefault();
    say({ go: link.href });
  });

  addEventListener("keydown", (event) => {
    const box = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (!box && !event.metaKey && !event.ctrlKey && !event.altKey) say({ key: event.key });
  });

  addEventListener("message", (event) => {
    if (event.source !== around || !event.data?.place) return;
    document.documentElement.style.scrollBehavior = "auto";
    place(event.data.place);
    document.documentElement.style.scrollBehavior = "";
    let said = false;
    const placed = () => { if (!said) { said = true; say({ placed: [scrollX, scrollY], top: anchor() }); } };
    requestAnimationFrame(() => requestAnimationFrame(placed));
    setTimeout(placed, 80); // a frame that is not drawn gets no animation frames
  });

  const ready = () => { look(); say({ ready: true, prints }); };
  if (document.readyState === "complete") ready();
  else addEventListener("load", ready);
})();
