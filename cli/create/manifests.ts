/** Objects in files, as `sluice create` takes them. */
import { type Document, parseAllDocuments } from "yaml";
import { isObject, type Json } from "../../kube/object/json.ts";
import { codeOf, messageOf } from "../../kube/object/errors.ts";
import { Refused } from "../../controller/acting/failure.ts";

/**
 * All objects of a file, in its order; empty documents are none. JSON is YAML, too.
 * @param file a path; `-` is standard input
 * @throws {Refused} when it cannot be read, or holds something else
 */
export async function objectsIn(file: string, stdin: () => Promise<string>): Promise<readonly Json[]> {
  const name = file === "-" ? "standard input" : file;
  const text = file === "-" ? await stdin() : await textOf(file);
  const documents = parseAllDocuments(text, { uniqueKeys: true, logLevel: "error" });
  return [...documents].flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined)
      throw new Refused(`cannot read ${name}: ${problem.message.split("\n")[0]?.replace(/:$/, "")}`);
    const value = valueOf(document, name);
    if (value === null || value === undefined) return [];
    if (isObject(value)) return [value];
    throw new Refused(`${name} holds no object: it begins with ${JSON.stringify(value).slice(0, 60)}`);
  });
}

function valueOf(document: Pick<Document, "toJS">, name: string): unknown {
  try {
    // Aliases that multiply are no manifest.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new Refused(`cannot read ${name}: ${messageOf(error)}`);
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await Bun.file(file).text();
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? "no such file or directory" : messageOf(error);
    throw new Refused(`open ${file}: ${why}`);
  }
}
