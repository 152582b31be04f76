import { contract } from "../contract/contract.ts";
import { harness } from "./harness/harness.ts";

contract(async () => (await harness()).api, { record: Bun.env.SLUICE_RECORD === "1", timeoutMs: 120_000 });
