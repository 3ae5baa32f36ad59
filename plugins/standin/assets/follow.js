(function () {
  "use strict";
  var body = document.body, follow = body.dataset.follow, version = body.dataset.version;

  document.querySelectorAll("select[data-submit]").forEach(function (select) {
    var button = select.form.querySelector("button");
    if (button) { button.hidden = true; }
    select.addEventListener("change", function () { select.form.submit(); });
  });

  function busy() {
    var at = document.activeElement;
    return document.hidden || document.querySelector("[data-busy]") || (at && at.closest("#live") && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  }
  function text(response) { return response.ok ? response.text() : Promise.reject(response.status); }
  function redraw(latest) {
    return fetch(location.href).then(text).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
      if (fresh && !busy()) {
        var old = document.getElementById("live"), from = old.querySelector("[data-keep-scroll]"), at = from && from.scrollTop;
        old.replaceWith(fresh);
        var to = fresh.querySelector("[data-keep-scroll]");
        if (to && at) { to.scrollTop = at; }
        version = latest;
      }
    });
  }
  function look() {
    if (busy()) { return; }
    fetch(follow).then(text).then(function (latest) {
      latest = latest.trim();
      if (latest !== version) { return redraw(latest); }
    }).catch(function () {});
  }
  if (follow) { setInterval(look, 1000); }
})();
