// Asks for this page again every two seconds until the gate run has ended, and takes over the parts
// that are different. The server makes them; what it was told is text in them.
"use strict";
const EVERY_MS = 2000;
const PARTS = ["verdict", "states", "failures", "shards"];
const lost = document.getElementById("lost");

function tellLost(sentence) {
  if (lost.textContent !== sentence) lost.textContent = sentence;
  lost.hidden = sentence === "";
}

function takeOver(page) {
  document.title = page.title;
  for (const id of PARTS) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  }
}

async function look() {
  try {
    const answer = await fetch(location.href);
    if (answer.ok) {
      takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
      tellLost("");
    } else {
      tellLost(`The dashboard answered ${answer.status}; it is asked again.`);
    }
  } catch {
    tellLost("The dashboard does not answer; it is asked again.");
  }
  again();
}

function again() {
  if (document.getElementById("verdict").dataset.over !== "yes") setTimeout(look, EVERY_MS);
}
again();
