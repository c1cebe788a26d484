// Asks where the payment stands until that changes, then shows the page anew. Less often as time goes by.
const standing = document.getElementById("standing");
const lost = document.querySelector(".lost");
let pause = 2000;
let silences = 0;

async function ask() {
  try {
    const answer = await fetch(standing.dataset.ask, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const told = await answer.json();
    if (told.go) return location.replace(told.go);
    if (told.stands !== standing.dataset.stands) return location.reload();
    silences = 0;
    lost.hidden = true;
  } catch {
    silences += 1;
    lost.hidden = silences < 2;
  }
  pause = Math.min(pause * 1.3, 30000);
  setTimeout(ask, pause);
}

setTimeout(ask, pause);
