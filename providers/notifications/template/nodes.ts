/** The parts of a parsed template, and how errors write them. */

interface At {
  /** Where it begins, in UTF-16 units of the text. */
  readonly pos: number;
}
export type Pipe = At & {
  readonly k: "pipe";
  readonly variables: string[];
  assigns: boolean;
  readonly commands: Command[];
};
export type Command = At & { readonly k: "command"; readonly args: Operand[] };
export type Chain = At & { readonly k: "chain"; readonly of: Operand; readonly fields: readonly string[] };
export type Identifier = At & { readonly k: "identifier"; readonly name: string };
export type Fields = At & { readonly k: "field" | "variable"; readonly names: readonly string[] };
export type NumberNode = At & {
  readonly k: "number";
  readonly text: string;
  readonly whole?: bigint;
  readonly float: number;
};
export type Operand =
  | Pipe
  | Chain
  | Identifier
  | Fields
  | NumberNode
  | (At & { readonly k: "dot" | "nil" })
  | (At & { readonly k: "bool"; readonly value: boolean })
  | (At & { readonly k: "string"; readonly quoted: string; readonly value: string });
export type Branch = At & {
  readonly k: "if" | "with" | "range";
  readonly pipe: Pipe;
  readonly list: readonly Block[];
  readonly otherwise: readonly Block[] | undefined;
};
export type TemplateNode = At & { readonly k: "template"; readonly name: string; readonly pipe: Pipe | undefined };
export type Block =
  | (At & { readonly k: "text"; readonly text: string })
  | (At & { readonly k: "action"; readonly pipe: Pipe })
  | (At & { readonly k: "break" | "continue" })
  | Branch
  | TemplateNode;
export type Node = Block | Command | Operand;

/** As errors show it. */
export function written(node: Node): string {
  switch (node.k) {
    case "action":
      return `{{${written(node.pipe)}}}`;
    case "bool":
      return String(node.value);
    case "break":
    case "continue":
      return `{{${node.k}}}`;
    case "chain":
      return `${operand(node.of)}.${node.fields.join(".")}`;
    case "command":
      return node.args.map(operand).join(" ");
    case "dot":
      return ".";
    case "field":
      return `.${node.names.join(".")}`;
    case "identifier":
      return node.name;
    case "nil":
      return "nil";
    case "number":
      return node.text;
    case "pipe": {
      const sign = node.assigns ? " = " : " := ";
      const declared = node.variables.length > 0 ? node.variables.join(", ") + sign : "";
      return declared + node.commands.map(written).join(" | ");
    }
    case "string":
      return node.quoted;
    case "template": {
      const pipe = node.pipe === undefined ? "" : ` ${written(node.pipe)}`;
      return `{{template ${JSON.stringify(node.name)}${pipe}}}`;
    }
    case "text":
      return node.text;
    case "variable":
      return node.names.join(".");
    default: {
      const otherwise = node.otherwise === undefined ? "" : `{{else}}${node.otherwise.map(written).join("")}`;
      return `{{${node.k} ${written(node.pipe)}}}${node.list.map(written).join("")}${otherwise}{{end}}`;
    }
  }
}

const operand = (node: Operand): string => (node.k === "pipe" ? `(${written(node)})` : written(node));
