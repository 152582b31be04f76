/** The routes of the webhook. */
import { Hono } from "hono/tiny";
import { PROBE_PATH, VALIDATE_PATH } from "./configuration.ts";
import { answerProbe } from "./configurationProbe.ts";

/** @param review answers an AdmissionReview */
export function createApp(review: (request: Request) => Promise<Response>): {
  fetch(request: Request): Response | Promise<Response>;
} {
  const app = new Hono();
  app.post(VALIDATE_PATH, (context) => review(context.req.raw));
  app.post(PROBE_PATH, async (context) => {
    const probe: unknown = await context.req.json().catch(() => undefined);
    return Response.json(answerProbe(probe));
  });
  app.get("/healthz", (context) => context.text("ok\n"));
  app.notFound((context) => context.text("not found: reviews are taken by POST /validate\n", 404));
  return { fetch: (request) => app.fetch(request) };
}
