(function () {
  "use strict";
  var dragged = null;

  function lanes() { return Array.prototype.slice.call(document.querySelectorAll(".lane")); }
  function laneOf(event) { return event.target.closest ? event.target.closest(".lane") : null; }
  function takes(lane) { return lane && dragged && dragged.allowed.indexOf(lane.dataset.status) >= 0; }
  function end() {
    dragged = null;
    lanes().forEach(function (lane) { lane.classList.remove("target", "over"); });
    document.querySelectorAll("[data-busy]").forEach(function (card) {
      card.classList.remove("dragged");
      card.removeAttribute("data-busy");
    });
  }
  function move(issue, status) {
    var board = document.querySelector(".board"), form = document.createElement("form");
    var values = { as: board.dataset.as, back: board.dataset.back, issue: issue, to: status };
    form.method = "post";
    form.action = "page/move";
    Object.keys(values).forEach(function (name) {
      var input = document.createElement("input");
      input.type = "hidden"; input.name = name; input.value = values[name];
      form.appendChild(input);
    });
    document.body.appendChild(form);
    form.submit();
  }

  document.addEventListener("dragstart", function (event) {
    var card = event.target.closest ? event.target.closest(".ticket[draggable=true]") : null;
    if (!card) { return; }
    dragged = { issue: card.dataset.issue, allowed: card.dataset.allowed.split(" ") };
    card.setAttribute("data-busy", "");
    card.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.issue);
    lanes().forEach(function (lane) { lane.classList.toggle("target", takes(lane)); });
  });
  document.addEventListener("dragover", function (event) {
    var lane = laneOf(event);
    lanes().forEach(function (one) { one.classList.toggle("over", one === lane && takes(lane)); });
    if (takes(lane)) { event.preventDefault(); }
  });
  document.addEventListener("drop", function (event) {
    var lane = laneOf(event);
    if (!takes(lane)) { return; }
    event.preventDefault();
    var issue = dragged.issue;
    end();
    move(issue, lane.dataset.status);
  });
  document.addEventListener("dragend", end);
})();
