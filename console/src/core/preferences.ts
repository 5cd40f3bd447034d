// What the browser keeps of somebody's choices. A browser that keeps nothing, as in some private windows, is no reason to fail.
const prefix = "hwanyul.";

export const preferences = {
  read<T>(name: string, is: (value: unknown) => value is T): T | undefined {
    try {
      const value: unknown = JSON.parse(localStorage.getItem(prefix + name) ?? "null");
      return is(value) ? value : undefined;
    } catch {
      return undefined;
    }
  },
  write(name: string, value: unknown): void {
    try {
      localStorage.setItem(prefix + name, JSON.stringify(value));
    } catch {
      // Chosen for this page alone.
    }
  },
};
