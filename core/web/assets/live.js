// Keeps a request's page up to date: the server says that something changed, htmx fetches the page and takes the parts.
"use strict";

(() => {
  const source = document.querySelector("[data-live]");
  if (!source || !window.EventSource || !window.htmx) return;
  let seen = source.dataset.version;
  let stream = null;

  const open = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(source.dataset.live + "?seen=" + encodeURIComponent(seen));
    stream.addEventListener("changed", (event) => {
      seen = event.data;
      htmx.trigger(source, "changed");
    });
    stream.addEventListener("over", close);
  };
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);

  // The form stays as it is, with what was typed, for as long as it asks about the same thing.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const now = event.detail.target;
    const next = event.detail.fragment.firstElementChild;
    if (now.dataset.key && next && next.dataset.key === now.dataset.key) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const said = document.getElementById("said");
    const state = document.getElementById("standing");
    if (event.target.id === "now" && said && state) said.textContent = state.textContent;
  });
  open();
})();
