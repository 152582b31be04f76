/** A notification, rendered from the templates that a trigger names. */
import type { Notification, ServiceRow } from "../../../providers/notifications/service.ts";
import type { NotificationConfiguration, NotificationTemplate } from "../configuration/configuration.ts";

export interface Compiled {
  render(variables: unknown): string;
}

export interface ComposePorts {
  readonly rows: readonly ServiceRow[];
  /** @throws where it is no template */
  readonly compile: (name: string, text: string) => Compiled;
}

export interface ToCompose {
  readonly configuration: NotificationConfiguration;
  readonly templates: readonly string[];
  readonly variables: unknown;
  /** The type of the service whose part is rendered; undefined: all parts. */
  readonly type: string | undefined;
}

/**
 * Later templates add to what earlier ones gave. Of the parts only that of the service is rendered: a mistake in the part
 * of another one does not keep it from being sent.
 * @throws {Error} a sentence naming the template and the place
 */
export function compose(
  { configuration, templates, variables, type }: ToCompose,
  { rows, compile }: ComposePorts,
): Notification {
  const parts = rows.filter((row) => row.part !== undefined && (type === undefined || row.type === type));
  const notification: Record<string, unknown> & { message: string } = { message: "" };
  for (const name of templates) {
    const template = configuration.templates.get(name);
    if (template === undefined)
      throw new Error(`there is no template "${name}": add template.${name} to the ConfigMap`);
    const render = (text: string, place: string): string => rendered(compile, name, text, place, variables);
    const message = messageOf(template);
    if (message !== "") notification.message = render(message, "message") || notification.message;
    for (const { part = "", renderPart } of parts) {
      const raw = template[part];
      if (raw === undefined || raw === null) continue;
      const given = renderPart(raw, render, name);
      if (given !== undefined) notification[part] = joined(notification[part], given);
    }
  }
  return notification;
}

const messageOf = ({ message }: NotificationTemplate): string =>
  typeof message === "string" || typeof message === "number" ? String(message) : "";

function rendered(
  compile: ComposePorts["compile"],
  name: string,
  text: string,
  place: string,
  variables: unknown,
): string {
  try {
    return compile(name, text).render(variables);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`template "${name}" cannot be rendered at ${place}: ${why}`, { cause: error });
  }
}

function joined(earlier: unknown, later: unknown): unknown {
  const isObject = (value: unknown): value is object =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject(earlier) && isObject(later) ? { ...earlier, ...later } : later;
}
