/** Headings of the columns of a table that hold numbers. */

export function NumberHeadings({ titles }: { titles: readonly string[] }) {
  return (
    <>
      {titles.map((title) => (
        <th scope="col" class="number" key={title}>
          {title}
        </th>
      ))}
    </>
  );
}
