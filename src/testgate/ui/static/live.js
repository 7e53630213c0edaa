// Asks for the gate run's state every two seconds until it has ended; everything is set as text.
"use strict";
const verdict = document.getElementById("verdict");

function item(text, step) {
  const element = document.createElement("li");
  element.textContent = text;
  if (step) element.dataset.step = step;
  return element;
}

function shardItem(shard) {
  const of = shard.total === null ? "" : ` of ${shard.total}`;
  const failed = shard.failed ? `, ${shard.failed} failed` : "";
  const ended = shard.ended ? ", ended" : "";
  const element = item(`${shard.suite} ${shard.shard}: ${shard.done}${of} tests${failed}${ended}`);
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", `${shard.suite} ${shard.shard}`);
  if (shard.total) { bar.max = shard.total; bar.value = shard.done; }
  else if (shard.ended) { bar.value = 1; }
  element.append(bar);
  return element;
}

function show(told) {
  const states = told.states.map(({ name, step }) => item(`${name} ${step}`, step));
  document.getElementById("states").replaceChildren(...states);
  if (told.shards.length) {
    document.getElementById("shards").replaceChildren(...told.shards.map(shardItem));
  }
  if (told.outcome === null) return;
  const link = document.createElement("a");
  link.href = told.run;
  link.textContent = told.outcome.replace("_", " ");
  verdict.replaceChildren(link);
}

async function look() {
  let told = null;
  try {
    const answer = await fetch(verdict.dataset.source);
    if (answer.ok) { told = await answer.json(); show(told); }
    else verdict.textContent = `The dashboard answered ${answer.status}; it is asked again.`;
  } catch {
    verdict.textContent = "The dashboard does not answer; it is asked again.";
  }
  if (told === null || (told.outcome === null && !told.silent)) setTimeout(look, 2000);
}
look();
