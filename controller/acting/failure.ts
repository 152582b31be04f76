/** What a person is told when a command cannot do what was asked. */
import { ApiError, type Status } from "../../kube/client/apiError.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";

/** What was asked for cannot be done: a sentence. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * The text behind `Error: `. The API server's own words where it has answered, as the plugin prints them.
 * @throws what is no failure that a person can do something about
 */
export function failureText(error: unknown): string {
  if (error instanceof Refused || error instanceof CredentialsError) return error.message;
  if (!(error instanceof ApiError)) throw error;
  const { message } = (error.cause ?? {}) as Status;
  if (error.status === 0 || message === undefined || message === "") return withHelp(error);
  return message;
}

/** A path that the server does not know has no Status. */
const withHelp = ({ status, message }: ApiError): string =>
  status === 404
    ? `the server does not know the kinds of argoproj.io: install their CustomResourceDefinitions first (${message})`
    : message;
