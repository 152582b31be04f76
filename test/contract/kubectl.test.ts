import { kubectlAtMemory } from "./kubectl.ts";

await kubectlAtMemory("few");
