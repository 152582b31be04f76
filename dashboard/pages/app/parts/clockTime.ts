/** "14:05:09", by the clock of whoever reads it; a text that is no time as it is. */
export const clockTime = (at: string): string => {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleTimeString(undefined, { hour12: false });
};
