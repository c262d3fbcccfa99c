// The page of the preview: follows what is saved, without a flash and without losing the place.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const PARTS = ["places", "alert", "head", "beside"];
  const PATIENCE = 4000; // ms until a frame is shown that says nothing of itself
  const keep = {
    get: (name, other) => { try { return localStorage.getItem(`feeder-${name}`) ?? other; } catch { return other; } },
    set: (name, value) => { try { localStorage.setItem(`feeder-${name}`, value); } catch { /* it is not kept then */ } },
  };
  let boot = root.dataset.boot;
  let number = Number(root.dataset.number);
  let scroll = [0, 0]; // of the frame that is shown
  let top = null; // the piece of it at the upper edge
  const MOST = 50; // pages that are known
  const known = new Map(); // what stood on each page, as its frame told: so it finds what a save changed
  let arriving = null; // the frame that will be shown next
  let trip = 0; // of several answers under way, the last one counts
  let clip = null; // what the button for WeChat copies

  // ── Frames ────────────────────────────────────────────────────────────────────────────────────────────────────

  const chosen = (name) => $("stage").dataset[name] || keep.get(name, name === "width" ? "wide" : "auto");

  function address() {
    const source = $("stage").dataset.src;
    return source && source.replace("{scheme}", chosen("scheme")) + location.hash;
  }

  // The same page in any colours.
  const pageOf = () => $("stage").dataset.src;

  function learn(page, prints) {
    if (!Array.isArray(prints)) return;
    known.delete(page);
    known.set(page, prints);
    if (known.size > MOST) known.delete(known.keys().next().value);
  }

  // Shown at a place, or where it was changed since it was shown last.
  function mount(where, changed = false) {
    const stage = $("stage");
    stage.className = address() ? `framed ${chosen("width")}` : "";
    for (const set of document.querySelectorAll("[data-choice]")) {
      for (const button of set.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === chosen(set.dataset.choice)));
      }
    }
    arriving?.frame.remove();
    arriving = null;
    if (!address()) return;
    const frame = document.createElement("iframe");
    frame.title = stage.dataset.title;
    frame.setAttribute("sandbox", "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms allow-downloads");
    frame.className = "arriving";
    frame.src = address();
    const before = changed ? known.get(pageOf()) : null;
    const place = where || before ? { scroll: where, before, top: changed ? top : null, follow: $("follow").checked } : null;
    arriving = { frame, place, page: pageOf(), prints: null, timer: setTimeout(show, PATIENCE) };
    stage.append(frame);
  }

  function show() {
    if (!arriving) return;
    const { frame, place, page, prints, timer } = arriving;
    clearTimeout(timer);
    arriving = null;
    for (const other of $("stage").querySelectorAll("iframe")) if (other !== frame) other.remove();
    frame.className = "";
    learn(page, prints);
    scroll = place?.scroll ?? [0, 0];
    top = null;
  }

  addEventListener("message", (event) => {
    const said = event.data?.feeder;
    if (!said) return;
    const shown = $("stage").querySelector("iframe:not(.arriving)");
    if (arriving && event.source === arriving.frame.contentWindow) {
      if (said.ready) arriving.prints = said.prints;
      // Whoever scrolled on while it was loading stays where that led to.
      if (said.ready && arriving.place?.scroll && arriving.place.before) Object.assign(arriving.place, { scroll, top });
      if (said.ready && arriving.place) event.source.postMessage({ place: arriving.place }, "*");
      else if (said.ready || said.placed) show();
      if (Array.isArray(said.placed)) remember(said.placed, said.top);
      return;
    }
    if (!shown || event.source !== shown.contentWindow) return;
    if (said.scroll) remember(said.scroll, said.top);
    if (typeof said.go === "string") follow(said.go);
    if (typeof said.key === "string") press(said.key);
  });

  let settling = 0;
  function remember(place, piece) {
    scroll = place;
    top = piece ?? null;
    clearTimeout(settling);
    settling = setTimeout(() => history.replaceState({ scroll }, ""), 250);
  }

  function follow(href) {
    const url = new URL(href, location.href);
    const inside = url.origin === location.origin && /^\/site\/[a-z]+\/(.*)$/s.exec(url.pathname);
    if (inside) go(`/page/${inside[1]}${url.hash}`);
    else if (/^(https?|mailto):$/.test(url.protocol)) window.open(url.href, "_blank", "noopener,noreferrer");
  }

  // ── Going places ──────────────────────────────────────────────────────────────────────────────────────────────

  async function fetched(url) {
    const mine = ++trip;
    const answer = await fetch(url, { headers: { "X-Feeder": "part" }, cache: "no-store" });
    const text = await answer.text();
    if (mine !== trip) return null;
    return { url: new URL(answer.url), page: new DOMParser().parseFromString(text, "text/html") };
  }

  async function go(url, { push = true, where = null, changed = false } = {}) {
    try {
      const got = await fetched(url);
      if (!got) return;
      const hash = new URL(url, location.href).hash || got.url.hash;
      const target = got.url.pathname + got.url.search + hash;
      if (push && target !== location.pathname + location.search + location.hash) history.pushState({}, "", target);
      else if (!push) history.replaceState(history.state, "", target);
      swap(got.page, true, where, changed);
    } catch { lost(); }
  }

  async function refresh() {
    try {
      const got = await fetched(location.pathname + location.search);
      if (!got) return;
      if (got.url.pathname !== location.pathname) history.replaceState(history.state, "", got.url.pathname + got.url.search);
      swap(got.page, false, scroll, true);
    } catch { lost(); }
  }

  function swap(page, moved, where, changed) {
    document.title = page.title;
    boot = page.documentElement.dataset.boot ?? boot;
    number = Number(page.documentElement.dataset.number ?? number);
    status(page.getElementById("status")?.innerHTML ?? "", "");
    if (!$("find").value) exchange("list", page);
    else search();
    for (const id of PARTS) exchange(id, page);
    const stage = $("stage"), next = page.getElementById("stage");
    const same = stage.dataset.src === next.dataset.src && stage.dataset.width === next.dataset.width
      && stage.dataset.scheme === next.dataset.scheme;
    const stamped = stage.dataset.stamp === next.dataset.stamp;
    for (const name of ["src", "stamp", "width", "scheme", "title"]) stage.dataset[name] = next.dataset[name];
    if (!next.dataset.src) {
      const top = moved ? 0 : stage.scrollTop;
      arriving?.frame.remove();
      arriving = null;
      if (stage.innerHTML !== next.innerHTML) stage.innerHTML = next.innerHTML;
      stage.className = "";
      stage.scrollTop = top;
    } else if (!same || moved) {
      if (!stage.querySelector("iframe")) stage.innerHTML = "";
      mount(where, changed);
    } else if (!stamped) mount(where, changed);
    if (moved && matchMedia("(max-width: 56rem)").matches) document.querySelector(".menu").open = false;
    if (moved) reveal();
    ready();
  }

  // The entry that is looked at can be seen in the list; the page around stays where it is.
  function reveal() {
    const list = $("list"), current = list.querySelector("[aria-current]");
    if (!current) return;
    const [inner, outer] = [current.getBoundingClientRect(), list.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - list.clientHeight / 3;
  }

  function exchange(id, page) {
    const here = $(id), there = page.getElementById(id);
    if (!here || !there || here.innerHTML === there.innerHTML) return;
    const place = document.activeElement && here.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    here.innerHTML = there.innerHTML;
    if (place) here.querySelector(`a[href="${CSS.escape(place)}"]`)?.focus({ preventScroll: true });
  }

  async function ready() {
    for (const set of document.querySelectorAll("[data-choice]")) {
      for (const button of set.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === chosen(set.dataset.choice)));
      }
    }
    const from = document.querySelector("[data-clip]")?.dataset.clip;
    clip = null;
    if (!from) return;
    try { clip = await (await fetch(from, { cache: "no-store" })).json(); } catch { clip = null; }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/']");
    if (link && !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      go(link.getAttribute("href"));
      return;
    }
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button.dataset.copy);
    if (button.dataset.do === "wechat" && clip) copy(clip.text, clip.html);
    const choice = button.closest("[data-choice]");
    if (choice) choose(choice.dataset.choice, button.value);
  });

  addEventListener("popstate", (event) => go(location.href, { push: false, where: event.state?.scroll ?? null }));

  function choose(name, value) {
    keep.set(name, value);
    if (name === "width") { $("stage").className = `framed ${chosen("width")}`; ready(); }
    else mount(scroll);
  }

  // ── Copying ───────────────────────────────────────────────────────────────────────────────────────────────────

  async function copy(text, html) {
    try {
      if (html) {
        const both = { "text/html": new Blob([html], { type: "text/html" }), "text/plain": new Blob([text], { type: "text/plain" }) };
        await navigator.clipboard.write([new ClipboardItem(both)]);
      } else await navigator.clipboard.writeText(text);
      toast(root.dataset.copied);
    } catch { toast(byHand(text, html) ? root.dataset.copied : root.dataset.refused); }
  }

  function byHand(text, html) {
    let done = false;
    const give = (event) => {
      event.clipboardData.setData("text/plain", text);
      if (html) event.clipboardData.setData("text/html", html);
      event.preventDefault();
      done = true;
    };
    document.addEventListener("copy", give, { once: true });
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "unseen";
    document.body.append(box);
    box.select();
    try { return document.execCommand("copy") && done; } catch { return false; } finally {
      document.removeEventListener("copy", give);
      box.remove();
    }
  }

  let fading = 0;
  function toast(text) {
    $("toast").textContent = text;
    $("toast").classList.add("shown");
    clearTimeout(fading);
    fading = setTimeout(() => $("toast").classList.remove("shown"), 1800);
  }

  // ── Finding and keys ──────────────────────────────────────────────────────────────────────────────────────────

  let looking = 0;
  async function search() {
    const mine = ++looking, words = $("find").value;
    try {
      const answer = await fetch(`/list?q=${encodeURIComponent(words)}&at=${encodeURIComponent(location.pathname)}`, { cache: "no-store" });
      if (mine === looking && answer.ok) $("list").innerHTML = await answer.text();
    } catch { lost(); }
  }
  let typing = 0;
  $("find").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 120); });
  $("find").form.addEventListener("submit", (event) => {
    event.preventDefault();
    $("list").querySelector("a")?.click();
    $("find").blur(); // so that j and k go on from there
  });
  $("find").addEventListener("keydown", (event) => {
    if (event.key === "Escape") { $("find").value = ""; search(); $("find").blur(); }
  });

  function press(key) {
    const step = { j: 1, k: -1 }[key];
    if (step) {
      const links = [...$("list").querySelectorAll("a")];
      const at = links.findIndex((one) => one.hasAttribute("aria-current"));
      const next = links[Math.min(Math.max(at + step, 0), links.length - 1)];
      if (next) next.click();
    } else if (key === "/") $("find").focus();
    else if (key === "p") go("/problems");
    else if (key === "d") go("/board");
    else if (key === "w") choose("width", chosen("width") === "phone" ? "wide" : "phone");
    else if (key === "c") choose("scheme", { auto: "light", light: "dark", dark: "auto" }[chosen("scheme")]);
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=checkbox]), textarea, select") || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "/") event.preventDefault();
    press(event.key);
  });

  $("follow").checked = keep.get("follow", "yes") === "yes";
  $("follow").addEventListener("change", () => keep.set("follow", $("follow").checked ? "yes" : "no"));

  // ── News ──────────────────────────────────────────────────────────────────────────────────────────────────────

  function status(html, kind) {
    const place = $("status");
    if (place.innerHTML !== html) place.innerHTML = html;
    place.className = kind;
  }
  const lost = () => { if (!document.hidden) status(root.dataset.lost, "lost"); };
  let waiting = 0;

  // Whoever looks at an entry goes with what is saved; whoever looks at a list of them, with the first save only.
  let edited = "", saved = Number(root.dataset.saved);
  const mayLeave = (next) => (/^\/(page|problems)\b/.test(location.pathname)
    && (next !== edited || $("head").querySelector(".files") || location.search.startsWith("?file=")));

  function hear(event) {
    const news = JSON.parse(event.data);
    clearTimeout(waiting);
    if (news.building) {
      // Most builds are over before anybody could read that they are under way.
      waiting = setTimeout(() => status(root.dataset.building + (news.done[1] ? ` ${news.done[0]} / ${news.done[1]}` : ""), "building"), 300);
      return;
    }
    const fresh = news.boot !== boot || news.number !== number;
    const jump = news.edited && news.saved !== saved && $("follow").checked && news.boot === boot && mayLeave(news.edited)
      && news.edited !== location.pathname + location.search + location.hash;
    if (news.edited && news.saved !== saved) edited = news.edited;
    saved = news.saved;
    const back = $("status").className !== "";
    boot = news.boot;
    number = news.number;
    if (jump) go(news.edited, { changed: true });
    else if (fresh || back) refresh();
  }

  let source = null;
  function listen() {
    if (source && source.readyState !== EventSource.CLOSED) return;
    source = new EventSource("/events");
    source.onmessage = hear;
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (!document.hidden) listen(); }, 1000);
    };
  }
  // A browser has six connections to a server for all its tabs: one that nobody looks at needs none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; } else listen();
  });
  addEventListener("pagehide", () => { source?.close(); source = null; });
  addEventListener("pageshow", () => { if (!document.hidden) listen(); });

  if (matchMedia("(max-width: 56rem)").matches) document.querySelector(".menu").open = false;
  reveal();
  mount(history.state?.scroll ?? null);
  ready();
  if (!document.hidden) listen();
})();
