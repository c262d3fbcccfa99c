// Runs inside a frame of the preview, and never in what is published: tells the page around of clicks and scrolling.
(() => {
  "use strict";
  const around = window.parent;
  if (around === window) return;
  const say = (message) => around.postMessage({ feeder: message }, "*");
  let due = 0;

  addEventListener("scroll", () => {
    if (!due) due = requestAnimationFrame(() => { due = 0; say({ scroll: [scrollX, scrollY] }); });
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
    if (event.source !== around || !Array.isArray(event.data?.scroll)) return;
    document.documentElement.style.scrollBehavior = "auto";
    scrollTo(...event.data.scroll);
    document.documentElement.style.scrollBehavior = "";
    let said = false;
    const placed = () => { if (!said) { said = true; say({ placed: true }); } };
    requestAnimationFrame(() => requestAnimationFrame(placed));
    setTimeout(placed, 80); // a frame that is not drawn gets no animation frames
  });

  if (document.readyState === "complete") say({ ready: true });
  else addEventListener("load", () => say({ ready: true }));
})();
