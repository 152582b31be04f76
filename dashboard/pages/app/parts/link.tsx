/** A link to another page of the dashboard, which opens without loading anything again. */
import type { ComponentChildren } from "preact";
import { type Page, pathOf } from "../state/route.ts";

export interface LinkProps {
  readonly to: Page;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly title?: string;
}

/** An empty path is the root itself. */
export const Link = ({ to, children, ...rest }: LinkProps) => (
  <a data-page href={pathOf(to) || "./"} {...rest}>
    {children}
  </a>
);
