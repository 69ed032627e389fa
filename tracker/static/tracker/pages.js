// The pages are whole without this. It saves a reload, keeps the focus, and lets "/" reach the search.
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    document.getElementById("q").focus();
  });

  const region = () => document.getElementById("region");
  const say = (words) => {
    const status = document.getElementById("said");
    if (status) status.textContent = words;
  };
  let waiting = 0;
  let focused = null;
  let asked = null;

  document.addEventListener("htmx:beforeRequest", (event) => {
    asked = event.detail.pathInfo && event.detail.pathInfo.requestPath;
    focused = document.activeElement && document.activeElement.id;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!region()) return;
      region().setAttribute("aria-busy", "true");
      say("Filtering…");
    }, 300);
  });
  document.addEventListener("htmx:afterRequest", () => {
    clearTimeout(waiting);
    if (region()) region().removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:afterSettle", () => {
    const failed = document.getElementById("failed");
    if (failed) failed.hidden = true;
    const heading = document.getElementById("found");
    if (heading) say(heading.textContent);
    const again = focused && document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
    else if (heading && document.activeElement === document.body) heading.focus({ preventScroll: true });
  });
  const failed = () => {
    const note = document.getElementById("failed");
    if (!note) return;
    note.hidden = false;
    if (asked) document.getElementById("again").setAttribute("href", asked);
    say("That did not load. The list below is the one before.");
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
})();
