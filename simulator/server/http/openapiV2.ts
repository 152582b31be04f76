/**
 * `/openapi/v2`: kubectl looks here for a kind that `/openapi/v3` does not have, before it says that there is none, and
 * takes an answer in protobuf only. The document describes nothing, since all that is served is at `/openapi/v3`.
 */
import type { Document } from "./discovery.ts";

const title = "The in-memory API server of Sluice: its kinds are at /openapi/v3";
const version = "v0";

/** A member of a message of protobuf: its number, and text or a message. Less than 128 bytes. */
const member = (number: number, content: Uint8Array): Uint8Array =>
  Uint8Array.of((number << 3) | 2, content.length, ...content);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** As `openapi.v2.Document` of gnostic. */
const binary = (): Uint8Array =>
  Uint8Array.of(
    ...member(1, text("2.0")),
    ...member(2, Uint8Array.of(...member(1, text(title)), ...member(2, text(version)))),
  );

/** @param accept the header; any that names protobuf gets protobuf, every other one JSON */
export const openapiV2 = (accept: string | null): Document =>
  accept?.includes("proto-openapi.spec.v2") === true
    ? { body: binary(), mediaType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" }
    : { body: { swagger: "2.0", info: { title, version }, paths: {} }, mediaType: "application/json" };
