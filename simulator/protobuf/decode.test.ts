import { describe, expect, test } from "bun:test";
import { decodeProtobuf } from "./decode.ts";

/** Bodies that kubectl 1.36 sent. */
const recorded = {
  deployment:
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EroBCiMKA3dlYhIAGgRkZW1vIgAqADIAOABCAFoKCgNhcHASA3dlYhKEAQgCEgwKCgoDYXBwEgN3ZWIaagocCgASABoAIgAqADIAOABCAFoKCgNhcHASA3dlYhJKEiwKA3dlYhIFd2ViOjEqADIKCgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==",
  secret: "azhzAAoMCgJ2MRIGU2VjcmV0EiEKFQoBcxIAGgRkZW1vIgAqADIAOABCABIGCgFhEgFiGgAaACIA",
  budget:
    "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSPgoVCgFwEgAaBGRlbW8iACoAMgA4AEIAEhkKCQgBEAAaAzUwJRIMCgoKA2FwcBIDZm9vGgoIABgAIAAoADAAGgAiAA==",
  ingress:
    "azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJEChUKAWkSABoEZGVtbyIAKgAyADgAQgASJxolCgNhLmISHgocChoKAS8SDSILCgNmb28SBAoAEFAaBlByZWZpeBoCCgAaACIA",
  service:
    "azhzAAoNCgJ2MRIHU2VydmljZRJvCiMKA2ZvbxIAGgRkZW1vIgAqADIAOABCAFoKCgNhcHASA2ZvbxJECh4KBzgwLWh0dHASA1RDUBhQIgoIARAAGgRodHRwKAASCgoDYXBwEgNmb28aACIITm9kZVBvcnQ6AEIAUgBaAGAAaAAaAgoAGgAiAA==",
  cronJob:
    "azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKWAQoVCgFjEgAaBGRlbW8iACoAMgA4AEIAEnsKCSogKiAqICogKhoAKmwKEQoBYxIAGgAiACoAMgA4AEIAElcyVQoQCgASABoAIgAqADIAOABCABJBEhoKAWMSAXgqAEIAagByAIABAIgBAJABAKIBABoJT25GYWlsdXJlMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAaABoAIgA=",
};

const object = (name: keyof typeof recorded) => decodeProtobuf(Uint8Array.fromBase64(recorded[name])).object;

describe("objects in protobuf", () => {
  test("a Deployment has its replicas, selector, labels and containers", () => {
    expect(object("deployment")).toMatchObject({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "demo", labels: { app: "web" } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { spec: { containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }] } },
      },
    });
  });

  test("metadata says only what the client said", () => {
    expect(object("secret")?.["metadata"]).toEqual({ name: "s", namespace: "demo" });
  });

  test("bytes are base64", () => {
    expect(object("secret")?.["data"]).toEqual({ a: "Yg==" });
  });

  test("a number or a text is either", () => {
    expect(object("budget")).toMatchObject({ spec: { minAvailable: "50%" } });
    expect(object("service")).toMatchObject({ spec: { ports: [{ port: 80, targetPort: "http" }], type: "NodePort" } });
  });

  test("members of inlined messages stand among the others", () => {
    const backend = { service: { name: "foo", port: { number: 80 } } };
    expect(object("ingress")).toMatchObject({
      spec: { rules: [{ host: "a.b", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
    });
  });

  test("of a kind that is not known only its name is read", () => {
    const decoded = decodeProtobuf(Uint8Array.fromBase64(recorded.cronJob));
    expect(decoded).toEqual({ apiVersion: "batch/v1", kind: "CronJob", object: undefined });
  });

  test("that are none, or are cut off, are told", () => {
    const bytes = Uint8Array.fromBase64(recorded.deployment);
    expect(() => decodeProtobuf(new TextEncoder().encode("{}"))).toThrow("does not begin as protobuf");
    expect(() => decodeProtobuf(bytes.subarray(0, 80))).toThrow("ends too early");
  });
});
