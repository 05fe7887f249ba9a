/** Shows a sentence where a part of the page fails, instead of an empty page. */

import { Component, type ComponentChildren } from "preact";

interface Props {
  name: string;
  about: string; // what is shown: after an error, another one is tried again
  children: ComponentChildren;
}

export class Boundary extends Component<Props, { error: string | null }> {
  override state: { error: string | null } = { error: null };

  static override getDerivedStateFromError(error: unknown): { error: string } {
    return { error: String(error) };
  }

  override componentDidCatch(error: unknown): void {
    this.setState({ error: String(error) });
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.error !== null && before.about !== this.props.about) this.setState({ error: null });
  }

  override render({ name, children }: Props) {
    const { error } = this.state;
    if (error === null) return <>{children}</>;
    return (
      <div class="notice error" role="alert">
        <p>
          {name} could not be shown: {error}. The other parts of the report still work.
        </p>
        <button type="button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
