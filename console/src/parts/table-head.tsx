// The head of a table, one cell a column.
import type { ComponentChildren } from "preact";

/** A column's name, or its name with the classes of its cell: `number` for one of numbers. */
export type Column = string | { readonly name: ComponentChildren; readonly kind: string };

export function TableHead({ columns }: { columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column, index) =>
          typeof column === "string" ? (
            <th key={index} scope="col">
              {column}
            </th>
          ) : (
            <th key={index} scope="col" class={column.kind}>
              {column.name}
            </th>
          ),
        )}
      </tr>
    </thead>
  );
}
