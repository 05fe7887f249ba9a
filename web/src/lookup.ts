/** What a table holds under a name of the data, which may be `__proto__` or `constructor`; undefined if it has none. */
export function own<T>(table: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
