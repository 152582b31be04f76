/** Drawing again only what has changed. */
import { Component, type ComponentChildren, type FunctionComponent, h } from "preact";

/** The same component, which is not drawn again while its properties are the same ones. */
export function memo<P extends object>(draw: (properties: P) => ComponentChildren): FunctionComponent<P> {
  class Kept extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Readonly<Record<string, unknown>>;
      return Object.entries(next).some(([name, value]) => before[name] !== value);
    }
    override render(): ComponentChildren {
      return draw(this.props);
    }
  }
  return (properties) => h(Kept, properties as P & { readonly key?: never });
}
