// The page's policy refuses strings as HTML. The framework's compiled templates are such strings: they are let through while they
// hold nothing that could run, and nothing from outside ever becomes HTML here.

interface Rules {
  createHTML(html: string): string;
  createScriptURL(url: string): string;
}

interface Policies {
  createPolicy(name: string, rules: Rules): unknown;
}

/** The service worker: the only script that is named at run time. */
export const WORKER = "sw.js";
const RUNS = /<(script|iframe|object|embed|base)\b|\son\w+\s*=|javascript:/i;

export function allowOwnTemplates(): void {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  policies?.createPolicy("default", {
    createHTML(html) {
      if (RUNS.test(html)) throw new TypeError("not a template of this page");
      return html;
    },
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError("not a script of this page");
      return url;
    },
  });
}
