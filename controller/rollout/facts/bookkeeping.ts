const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Metadata without `managedFields` and `apply`'s copy, which nothing here reads and which are often larger than the
 * rest.
 */
export function withoutBookkeeping<M extends { readonly annotations?: Readonly<Record<string, string>> | undefined }>(
  metadata: M,
): M {
  const { managedFields: _, ...kept } = metadata as M & { managedFields?: unknown };
  if (kept.annotations?.[LAST_APPLIED] === undefined) return kept as unknown as M;
  const { [LAST_APPLIED]: __, ...annotations } = kept.annotations;
  return { ...kept, annotations } as unknown as M;
}
