// Rows that lead somewhere. The link in a row is for everybody; the rest of the row is a larger target for a pointer.

/** Follows `place` from wherever a row is pressed, unless another link was meant or text is being selected. */
export const followRowLink =
  (place: string) =>
  (event: MouseEvent): void => {
    const isLink = event.target instanceof Element && event.target.closest("a") !== null;
    if (!isLink && getSelection()?.isCollapsed !== false) location.hash = place;
  };
