/** The routes of the webhook. */
import { Hono } from "hono/tiny";
import { PROBE_PATH, VALIDATE_PATH } from "../configuration/configuration.ts";
import { mutatePath } from "../configuration/mutating.ts";
import type { NamespaceMode } from "../migration/migrations.ts";

type Handler = (request: Request) => Promise<Response>;

export interface Routes {
  /** Answers an AdmissionReview with a verdict. */
  readonly review: Handler;
  /** Answers an AdmissionReview with what migration changes; undefined: it is switched off. */
  readonly migrate?: ((mode: NamespaceMode | undefined) => Handler) | undefined;
  /** Answers an AdmissionReview that only tests whether the API server reaches us (probe.ts). */
  readonly probe: Handler;
  /** Called when a handler has failed: the request is answered with 500. */
  readonly failed: (error: unknown) => void;
}

const MODES: readonly (NamespaceMode | undefined)[] = [undefined, "reference", "adopt", "other"];

export function createApp({ review, migrate, probe, failed }: Routes): {
  fetch(request: Request): Response | Promise<Response>;
} {
  const app = new Hono();
  app.post(VALIDATE_PATH, (context) => review(context.req.raw));
  if (migrate !== undefined)
    for (const mode of MODES) {
      const handler = migrate(mode);
      app.post(mutatePath(mode), (context) => handler(context.req.raw));
    }
  app.post(PROBE_PATH, (context) => probe(context.req.raw));
  app.get("/healthz", (context) => context.text("ok\n"));
  // Hono itself would print a stack on stderr for each request.
  app.onError((error, context) => {
    failed(error);
    return context.text("internal error: the log has it\n", 500, { connection: "close" });
  });
  app.notFound((context) => {
    // The body that may come with it is not read.
    if (context.req.method !== "GET") context.header("connection", "close");
    return context.text(`not found: reviews are taken by POST ${VALIDATE_PATH}\n`, 404);
  });
  return { fetch: (request) => app.fetch(request) };
}
