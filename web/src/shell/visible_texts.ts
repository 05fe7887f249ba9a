/** Characters that hide or reorder text are shown by name wherever the page draws a text, also in names and titles. */

import { options, type ComponentChildren, type VNode } from "preact";
import { visible } from "../sample/text/visible_text";

const ATTRIBUTES = ["title", "aria-label", "label"];
const AS_WRITTEN = ["textarea", "script", "style"];

/** From now on, texts are drawn with such characters named. To be called once, before the first drawing. */
export function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (node) => {
    if (typeof node.type === "string" && !AS_WRITTEN.includes(node.type)) change(node as VNode<Props>);
    before?.(node);
  };
}

type Props = { children?: ComponentChildren; [name: string]: unknown };

function change({ props }: VNode<Props>): void {
  if (props.children !== undefined) props.children = shown(props.children);
  for (const name of ATTRIBUTES) {
    const value = props[name];
    if (typeof value === "string") props[name] = visible(value);
  }
}

function shown(children: ComponentChildren): ComponentChildren {
  if (typeof children === "string") return visible(children);
  if (!Array.isArray(children) || !children.some(isChanged)) return children;
  return children.map(shown);
}

function isChanged(child: ComponentChildren): boolean {
  return Array.isArray(child) ? child.some(isChanged) : typeof child === "string" && visible(child) !== child;
}
