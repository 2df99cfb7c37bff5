// CodeMirror for JSON. It lives in a shadow root: there its styles are adopted sheets, which `style-src 'self'`
// allows, while in the page it would inject a <style> element, which the policy blocks.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { PolicyProblem } from "../../backend";

export type JsonEditor = {
  setText(text: string): void;
  setProblems(problems: PolicyProblem[]): void;
  focus(): void;
  destroy(): void;
  view: EditorView;
};

type Options = { text: string; label: string; placeholder: string; onchange: (text: string) => void; onsave: () => void };

// Custom properties reach into the shadow root, so both themes are one.
const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--bg)", fontSize: "12px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "168px", maxHeight: "420px" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selected)" },
  ".cm-gutters": { backgroundColor: "var(--bg)", color: "var(--text-3)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--hover)" },
  ".cm-placeholder": { color: "var(--text-3)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--press)", outline: "none" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--bg-raised)", color: "var(--text)", border: "1px solid var(--line-strong)", fontFamily: "var(--font)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--danger-fill)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning-text)" },
  // The stock marks are images in data: URIs, which the policy blocks: lines and dots of our own.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--danger-text)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warning-text)" },
  ".cm-lint-marker": { content: '""', width: "8px", height: "8px", margin: "5px 0 0 3px", borderRadius: "4px" },
  ".cm-lint-marker-error": { content: '""', backgroundColor: "var(--danger-fill)" },
  ".cm-lint-marker-warning": { content: '""', backgroundColor: "var(--warning-text)" },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--accent-text)" },
  { tag: tags.string, color: "var(--success-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warning-text)" },
  { tag: tags.invalid, color: "var(--danger-text)" },
]);

export function mountEditor(holder: HTMLElement, options: Options): JsonEditor {
  const root = holder.shadowRoot ?? holder.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        indentOnInput(),
        indentUnit.of("  "),
        bracketMatching(),
        json(),
        syntaxHighlighting(colours),
        theme,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        EditorView.lineWrapping,
        keymap.of([
          { key: "Mod-s", preventDefault: true, run: () => (options.onsave(), true) },
          // Tab indents; Escape, then Tab, leaves.
          indentWithTab,
          ...defaultKeymap,
          ...historyKeymap,
          ...searchKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    view,
    setText(text) {
      const current = view.state.doc.toString();
      if (text !== current) view.dispatch({ changes: { from: 0, to: current.length, insert: text } });
    },
    setProblems(problems) {
      view.dispatch(setDiagnostics(view.state, problems.map((p) => diagnostic(view.state, p))));
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

/** A problem without a place marks the first line. */
export function diagnostic(state: EditorState, problem: PolicyProblem): Diagnostic {
  const line = state.doc.line(Math.min(Math.max(1, problem.line ?? 1), state.doc.lines));
  const from = Math.min(line.to, line.from + Math.max(0, (problem.column ?? 1) - 1));
  return { from, to: Math.max(from, line.to), severity: problem.severity, message: problem.message };
}
