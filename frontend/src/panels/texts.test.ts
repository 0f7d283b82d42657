/** Every text that people see can be translated: it goes through `t` or `counted`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const SOURCE = join(import.meta.dirname, '..')
const SHOWN = new Set(['label', 'title', 'placeholder', 'text', 'alt', 'aria-label', 'aria-valuetext'])
const TRANSLATING = new Set(['t', 'counted'])
/** What a change is called is kept with it, in the words of then. */
const KEPT = new Set(['restore', 'transact'])

/** Words between tags, and words that an attribute or an expression between tags shows. */
function bareInJsx(source: ts.SourceFile): string[] {
  return all(source).flatMap((node) => {
    if (ts.isJsxText(node)) return hasWords(node.text) ? [node.text.trim()] : []
    if (ts.isJsxAttribute(node)) return SHOWN.has(node.name.getText()) && node.initializer ? bare(node.initializer) : []
    return ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent) ? bare(node) : []
  })
}

/** Sentences in functions, as returned to be shown. Tables of texts outside of functions are translated where they are shown. */
function bareSentences(source: ts.SourceFile): string[] {
  return all(source)
    .filter((node) => isText(node) && /^[A-Z][\w’]* [a-z]/.test(wordsOf(node)) && isInFunction(node) && !isTaken(node))
    .map((node) => node.getText())
}

/** What `tell` is given word by word. */
function bareNotices(source: ts.SourceFile): string[] {
  return all(source).flatMap((node) =>
    ts.isCallExpression(node) && calledName(node) === 'tell' && node.arguments[0] ? bare(node.arguments[0]) : [],
  )
}

/** The words that an expression may come to without being translated. */
function bare(node: ts.Node): string[] {
  if (isText(node))
    return [
      ...(hasWords(wordsOf(node)) ? [node.getText()] : []),
      ...(ts.isTemplateExpression(node) ? node.templateSpans.flatMap(({ expression }) => bare(expression)) : []),
    ]
  if (ts.isConditionalExpression(node)) return [...bare(node.whenTrue), ...bare(node.whenFalse)]
  if (ts.isBinaryExpression(node))
    return /^(\|\||\?\?|&&|\+)$/.test(node.operatorToken.getText()) ? [...bare(node.left), ...bare(node.right)] : []
  return (ts.isJsxExpression(node) || ts.isParenthesizedExpression(node)) && node.expression
    ? bare(node.expression)
    : []
}

const isText = (node: ts.Node): node is ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression =>
  ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)
const wordsOf = (text: ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression) =>
  ts.isTemplateExpression(text)
    ? [text.head, ...text.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join('')
    : text.text
const hasWords = (text: string) => /[A-Za-z]{3}/.test(text)
const calledName = ({ expression }: ts.CallExpression) =>
  ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText()
const above = (node: ts.Node): ts.Node[] => (ts.isSourceFile(node) ? [] : [node.parent, ...above(node.parent)])
const isInFunction = (node: ts.Node) => above(node).some((each) => ts.isFunctionLike(each))
/** Given to something that translates it, or that isn't for people. */
const isTaken = (node: ts.Node) =>
  above(node).some(
    (each) =>
      ts.isNewExpression(each) ||
      (ts.isCallExpression(each) && (TRANSLATING.has(calledName(each)) || KEPT.has(calledName(each)))),
  )

function all(source: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    found.push(node)
    node.forEachChild(visit)
  }
  source.forEachChild(visit)
  return found
}

const FILES = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
  (path) => /\.tsx?$/.test(path) && !path.includes('.test.'),
)
const parsed = (path: string) =>
  ts.createSourceFile(path, readFileSync(join(SOURCE, path), 'utf8'), ts.ScriptTarget.Latest, true)

it.each(FILES.filter((path) => /^(panels|pages)\//.test(path)))('%s shows no text that can’t be translated', (path) => {
  const source = parsed(path)
  expect([...bareInJsx(source), ...bareSentences(source)]).toEqual([])
})

it('a text between tags, in an attribute or returned is found', () => {
  const source = ts.createSourceFile(
    'x.tsx',
    'const View = () => <p title={on ? "Close" : t("Open")}>Keys {`${n} tracks`}{why() || "none"}</p>; const why = () => "No tracks"',
    ts.ScriptTarget.Latest,
    true,
  )
  expect([...bareInJsx(source), ...bareSentences(source)]).toEqual([
    '"Close"',
    'Keys',
    '`${n} tracks`',
    '"none"',
    '"No tracks"',
  ])
})

it('what is told can be translated', () => {
  expect(FILES.flatMap((path) => bareNotices(parsed(path)).map((text) => `${path}: ${text}`))).toEqual([])
})
