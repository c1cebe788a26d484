"""Hands that have no mouse: Tab, Space, arrows, Enter and typing, and eyes that must see where the focus is."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

MOST_TABS = 60

# Where the focus is: seen in the window, not covered by anything, and marked by an outline or a shadow. A box or a dot
# that a style replaces is marked at its label.
FOCUS = """
() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const box = each.getClientRects()[0] || {left: 0, top: 0, width: 0, height: 0};
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const top = document.elementFromPoint(x, y);
  const labels = [...(each.labels || [])];
  const own = top && (each.contains(top) || top.contains(each) || labels.some(label => label.contains(top)));
  const marked = (one, pseudo) => {
    const style = getComputedStyle(one, pseudo);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  };
  return {
    id: each.id, name: each.getAttribute("name") || "", value: each.getAttribute("value") || "",
    tag: each.tagName.toLowerCase(), words: each.innerText || "", html: each.outerHTML.slice(0, 200),
    seen: Boolean(own) && x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight,
    marked: marked(each, null) || labels.some(label => marked(label, "::before") || marked(label, null)),
  };
}
"""


class Keyboard:
    """One who never touches the mouse. Every stop of the focus is looked at."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stops = 0

    def focus(self) -> dict[str, Any] | None:
        """Where it is; fails where nobody could see it."""
        found = self.page.evaluate(FOCUS)
        if found is not None and found["tag"] != "main":
            self.stops += 1
            assert found["seen"], f"{self.page.url}: the focus is hidden: {found['html']}"
            assert found["marked"], f"{self.page.url}: the focus is not to be seen: {found['html']}"
        return found

    def reach(self, back: bool = False, **what: str) -> None:
        """Tab until the focus is on what has that id, name, value or words."""
        for _ in range(MOST_TABS):
            found = self.focus()
            if found and all(found[name].strip() == text for name, text in what.items()):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{self.page.url}: no Tab leads to {what}")

    def type(self, text: str, field: str) -> None:
        """Into the field of that id."""
        self.reach(id=field)
        self.page.keyboard.type(text)

    def press(self, key: str, goes: bool = False) -> None:
        """A key; `goes` waits for the page that it leads to."""
        if not goes:
            self.page.keyboard.press(key)
            return
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
