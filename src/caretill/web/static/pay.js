// Small helps on top of pages that work without them: the total keeps up with what is typed, and buttons print and copy.
const total = document.querySelector("[data-total]");
const AMOUNT = /^\$?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{0,2}))?$/;

function cents(text) {
  const found = AMOUNT.exec(text.trim());
  return found ? Number(found[1].replaceAll(",", "")) * 100 + Number((found[2] || "").padEnd(2, "0")) : 0;
}

function add() {
  let sum = 0;
  for (const box of document.querySelectorAll("input[name=bill]:checked")) {
    sum += cents(document.getElementById(`amount_${box.value}`).value);
  }
  const dollars = Math.floor(sum / 100).toLocaleString("en-US");
  total.firstElementChild.textContent = `$${dollars}.${String(sum % 100).padStart(2, "0")}`;
}

if (total) {
  document.querySelector("[data-quiet]").hidden = true;
  total.form.addEventListener("input", add);
}

const other = document.getElementById("other_amount");
if (other) {
  other.addEventListener("input", () => { document.querySelector("input[name=amount][value=other]").checked = true; });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
  });
}
