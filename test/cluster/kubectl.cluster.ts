import { kubectlAtMemory } from "../contract/kubectl.ts";

await kubectlAtMemory("all");
