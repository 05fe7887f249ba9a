/** The rows that the samples table shows, in its order: filtered and sorted. The pane steps through them. */

export interface Neighbours {
  previous: number | null;
  next: number | null;
  position: number; // counted from 1; 0: the row is not shown
  total: number;
}

let order: readonly number[] = [];
let positions: Map<number, number> | undefined; // made when first asked for
const listeners = new Set<() => void>();

/** Replace the order, and call who subscribed. */
export function setOrder(rows: readonly number[]): void {
  order = rows;
  positions = undefined;
  for (const listener of listeners) listener();
}

/** The rows of the index in the order of the table. */
export function currentOrder(): readonly number[] {
  return order;
}

/** The rows before and after a row. A row that is not shown has the first row as its next one. */
export function neighbours(row: number): Neighbours {
  positions ??= new Map(order.map((shown, position) => [shown, position]));
  const position = positions.get(row) ?? -1;
  return {
    previous: position < 0 ? null : (order[position - 1] ?? null),
    next: order[position + 1] ?? null,
    position: position + 1,
    total: order.length,
  };
}

/** Call `listener` after each change of the order, until the returned function is called. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
