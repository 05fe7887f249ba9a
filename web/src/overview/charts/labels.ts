/** Where the labels of points go, so that they cover neither each other nor other points. */

export interface Place {
  x: number; // in pixels
  y: number;
  text: string;
}
export type Side = "start" | "end"; // the label starts, or ends, at the point

const CHARACTER = 6.2; // mean width in pixels of a character of a label
const HEIGHT = 13;
const GAP = 9; // between point and label

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * The side of each label; null: there is no room for it, and the reader finds the name in the tooltip
 * and in the table. Earlier labels have the choice. `width` is that of the chart.
 */
export function placeLabels(places: readonly Place[], width: number): (Side | null)[] {
  const taken: Box[] = places.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  return places.map((place, i) => {
    const others = taken.filter((_, j) => j !== i);
    const side = (["start", "end"] as const).find((name) => fits(boxOf(place, name), others, width)) ?? null;
    if (side) taken.push(boxOf(place, side));
    return side;
  });
}

function boxOf({ x, y, text }: Place, side: Side): Box {
  const length = text.length * CHARACTER;
  const left = side === "start" ? x + GAP : x - GAP - length;
  return { left, right: left + length, top: y - GAP - HEIGHT / 2, bottom: y - GAP + HEIGHT / 2 };
}

function fits(box: Box, others: readonly Box[], width: number): boolean {
  const inside = box.left >= 48 && box.right <= width;
  return inside && others.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
}
