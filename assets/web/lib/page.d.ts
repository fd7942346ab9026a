/** What a page's module is mounted with (see ui/web.py). */
export interface Place<Value, Events> {
  element: HTMLElement;
  props: { value: Value };
  server: Record<string, (list: unknown[]) => Promise<unknown>>;
  watch: (name: string, act: () => void) => void;
  trigger: <Name extends keyof Events>(name: Name, data: Events[Name]) => void;
}
