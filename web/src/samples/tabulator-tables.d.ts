/** What the samples table uses of Tabulator, whose package has no types. */
declare module "tabulator-tables" {
  export interface RowComponent {
    getData(): { id: number };
    getElement(): HTMLElement;
    getPosition(): number | false;
  }
  export interface CellComponent {
    getData(): { id: number };
    getElement(): HTMLElement;
  }
  export interface HeaderComponent {
    getElement(): HTMLElement;
  }
  export interface ColumnDefinition {
    title: string;
    field: string;
    width?: number;
    minWidth?: number;
    widthGrow?: number;
    frozen?: boolean;
    resizable?: boolean;
    hozAlign?: "left" | "right" | "center";
    headerHozAlign?: "left" | "right" | "center";
    cssClass?: string;
    formatter: (cell: CellComponent) => Node;
    titleFormatter: (header: HeaderComponent) => Node;
  }
  export class Tabulator {
    static registerModule(modules: readonly unknown[]): void;
    constructor(element: HTMLElement, options: { [name: string]: unknown });
    readonly element: HTMLElement;
    on(event: "tableBuilt", listener: () => void): void;
    on(event: "rowClick", listener: (event: MouseEvent, row: RowComponent) => void): void;
    setData(rows: readonly { id: number }[]): Promise<void>;
    replaceData(rows: readonly { id: number }[]): Promise<void>;
    redraw(force?: boolean): void;
    destroy(): void;
    getRow(id: number): RowComponent | false;
    getRows(range: "visible"): RowComponent[];
    scrollToRow(id: number, position: "top" | "center" | "bottom" | "nearest", ifVisible: boolean): Promise<void>;
  }
  export const FormatModule: unknown;
  export const FrozenColumnsModule: unknown;
  export const InteractionModule: unknown;
  export const ResizeColumnsModule: unknown;
}
