/** All commands as they describe themselves, for the pages that are made of them. */
import { COMMANDS, type CommandRow } from "../../cli/commands.ts";
import { type DescribedCommand, describedBy } from "../../cli/describe.ts";

export interface Described {
  readonly row: CommandRow;
  readonly command: DescribedCommand;
}

/** Of those that are listed. @throws {Error} for one that does not describe itself */
export async function describedCommands(rows: readonly CommandRow[] = COMMANDS): Promise<readonly Described[]> {
  const all: Described[] = [];
  for (const row of rows) {
    if (row.isHidden) continue;
    const command = await describedBy(row);
    if (command === undefined)
      throw new Error(`The command ${row.name} does not describe itself: let it parse by cli/parsed.ts`);
    all.push({ row, command });
  }
  return all;
}
