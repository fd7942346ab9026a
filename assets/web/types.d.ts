// Written by tools/wire_types.py from ui/wire and the pages: do not edit.

/** How samples of an item are drawn. */
export interface Drawing {
  k: number;
  temperature: number;
  seed: number;
  order: string;
  context: string;
  template: string;
}

/** What the fields begin with, and what can be chosen. */
export interface BatchForm extends Drawing {
  orders: string[];
  contexts: [string, string][];
  templates: string[];
  roles: string[];
  meta: string;
  may: boolean;
}

/** The models that can judge a file now. */
export interface Models {
  names: string[];
  own: string;
  trouble: string;
}

/** How a file is to be judged. */
export interface Asking extends Drawing {
  model: string;
  principles: string;
  meta: boolean;
  risk: number | null;
}

/** An item of a file, as it was understood. */
export interface FirstItem {
  id: string;
  query: string;
  responses: string[];
  labels: number[] | null;
  beside: string;
}

/** A key of the file's first records, and what became of it. */
export interface FieldOf {
  key: string;
  fields: string[];
}

/** A key of the file's first records, and the first text that it holds, shortened. */
export interface Column {
  key: string;
  text: string;
}

/** What a column was chosen to hold. */
export interface ColumnRole {
  key: string;
  role: string;
}

/** A file that was dropped, as it was understood. */
export interface Draft {
  id: string;
  file: string;
  columns: Column[];
  name: string;
  said: string;
  count: number;
  labelled: number;
  first: FirstItem[];
  fields: FieldOf[];
  left_out: string[];
  error: string;
}

/** What the page's module is given. */
export interface BatchView {
  form: BatchForm;
  draft: Draft | null;
}

/** A batch and how far it is. */
export interface BatchRow {
  id: string;
  run: string;
  title: string;
  about: string;
  phase: string;
  place: number;
  items: number;
  items_done: number;
  samples: number;
  total: number;
  failed: number;
  unreadable: number;
  rate: number | null;
  tokens_rate: number | null;
  seconds_left: number | null;
  error: string;
  benchmark: string;
}

/** All batches, and why the line does not move. */
export interface BatchList {
  rows: BatchRow[];
  judge: string;
  trouble: string;
  people: boolean;
}

/** An item of a batch that has samples. */
export interface JudgedItem {
  session: string;
  title: string;
  samples: number;
  valid: number;
  k: number;
  winner: string;
  right: boolean | null;
}

/** Some of them, the newest first. */
export interface JudgedItems {
  rows: JudgedItem[];
  count: number;
  offset: number;
}

/** The page's settings when it opens: everything that can be chosen. */
export interface BenchmarkSettings {
  methods: string[];
  ties: string[];
  invalid: string[];
}

/** A run of a benchmark. */
export interface BenchmarkRun extends Choice {
  benchmark: string;
}

/** Headline and chance, from 0 to 1. */
export interface Brief {
  headline: number | null;
  chance: number | null;
}

/** An item: its vote, what it is worth, its session. */
export interface BenchmarkItem {
  id: string;
  subset: string;
  read: boolean;
  winner: string | null;
  credit: number | null;
  other: number | null;
  session: string;
}

/** An item under one attack: who won, and whether the attack turned the verdict. */
export interface AttackedItem {
  item: string;
  attack: string;
  domain: string;
  winner: string;
  flipped: boolean;
  findings: string;
  session: string;
}

/** A judge under attack. */
export interface Attacks {
  said: string[];
  panels: Panel[];
  items: AttackedItem[];
}

/** A run under one method and policy. */
export interface Benchmark {
  benchmark: string;
  headline: number | null;
  beside: number | null;
  said: string[];
  panels: Panel[];
  items: BenchmarkItem[];
}

/** A code that may be given. */
export interface CodeName {
  id: string;
  name: string;
  meaning: string;
}

/** A code book and its codes. */
export interface BookCodes extends Choice {
  codes: CodeName[];
}

/** A code, by whom it was made, and how often it was given. */
export interface CodeLine extends CodeName {
  samples: number;
  items: number;
  annotators: number;
  share: number | null;
  low: number | null;
  high: number | null;
  who: string;
}

/** A note, or a label with the note that it was made from. */
export interface NoteLine {
  id: string;
  session: string;
  sample: number;
  title: string;
  author: string;
  note: string;
  quoted: string;
  codes: string[];
}

/** A change of a code book, in words. */
export interface HistoryLine {
  at: string;
  who: string;
  what: string;
}

/** A code book with all that was coded by it. */
export interface BookReport extends Choice {
  said: string;
  note: string;
  codes: CodeLine[];
  together: Table;
  notes: NoteLine[];
  history: HistoryLine[];
  markdown: string;
  html: string;
}

/** Where a label of a split code goes. */
export interface Move {
  label: string;
  part: number;
}

/** A change of a code book: what is not of its kind is ''. */
export interface Change {
  book: string;
  what: string;
  code: string;
  name: string;
  meaning: string;
  targets: string[];
  moves: Move[];
  author: string;
}

/** The book or code that was made or changed. */
export interface Changed {
  id: string;
}

/** Notes that get a code. */
export interface Coding {
  code: string;
  notes: string[];
  author: string;
}

/** How many notes got a code that they had not. */
export interface Coded {
  added: number;
}

/** Something to download. */
export interface File {
  name: string;
  text: string;
}

/** What became of a file of labels, in words. */
export interface Taken {
  said: string;
}

/** The GRM of a run against people. */
export interface People {
  run: string;
  runs: Choice[];
  said: string;
  panels: Panel[];
  markdown: string;
  html: string;
  csv: string;
}

/** A setting of both runs. */
export interface Setting {
  name: string;
  values: string[];
  differs: boolean;
}

/** A principle, by how many samples it is stated. */
export interface Stated {
  text: string;
  samples: number;
  weight: number | null;
}

/** One of the two sessions. */
export interface Side {
  id: string;
  title: string;
  n: number;
  model: string;
  responses: string[];
  query: string;
  verdicts: string[];
  winner: number | null;
  means: number[];
  spread: number[];
  rows: Row[];
  principles: Stated[];
}

/** Two sessions, what differs in how they were judged, and what to mind. */
export interface Pair {
  sides: Side[];
  settings: Setting[];
  warnings: string[];
}

/** The sample that is read out: what it says of which answer, or of all together (None). */
export interface First {
  principles: Weighted[];
  scores: number[] | null;
  said: ([string | null, string])[];
}

/** What one sample says of the response that it speaks for. */
export interface Reason {
  k: number;
  about: string;
  scores: number[] | null;
  said: string;
}

/** Accuracy over k of a stored set, with 95% intervals over its items. */
export interface Measured {
  name: string;
  n: number;
  k: number[];
  voting: number[];
  low: number[];
  high: number[];
  gain: [number, number, number];
  guided: number[];
}

/** A slide on a recorded session. */
export interface Recorded {
  kind: string;
  title: string;
  said: string;
  notes: string;
  session: string;
  model: string;
  case: Case;
  best: string | null;
  rows: Row[];
  first: First | null;
  reasons: Reason[];
  seconds: number[];
  totals: number[][];
  winners: (string | null)[];
  verdict: string;
  guided: string;
  kept: number[];
  guided_winner?: string | null;
  figure: Record<string, any> | null;
}

/** The slide on many questions. */
export interface Over {
  kind: string;
  title: string;
  said: string;
  notes: string;
  figure: Record<string, any>;
  sets: Measured[];
}

/** Something to look at, with the samples where it is. */
export interface Finding {
  kind: string;
  severity: string;
  evidence: string;
  samples: number[];
}

/** A session that can be read while nothing is judged yet. */
export interface Recent {
  id: string;
  title: string;
  k: number;
  demo: boolean;
}

/** An example to begin with. */
export interface Starter {
  title: string;
  query: string;
  n: number;
}

/** What the first screen offers; `note` says what cannot be scored here, and why. */
export interface Start {
  starters: Starter[];
  note: string;
}

/** Event `example`: the place of the starter that was chosen. */
export interface Chosen {
  place: number;
}

/** Event `grow`: draw so many samples more. */
export interface Grow {
  count: number;
}

/** A session as the page shows it at one moment; without a session only `rows` and what there is to read. */
export interface View {
  rows: Row[];
  session?: string;
  missing?: boolean;
  recent?: Recent[];
  n?: number;
  k?: number;
  phase?: string;
  running?: boolean;
  progress?: string;
  live?: Record<string, string>;
  origin?: string;
  may?: boolean;
  alone?: boolean;
  findings?: Finding[];
}

/** The numbers that a vote was asked for with. */
export interface Dialled {
  k: number | null;
  k_meta: number | null;
}

/** The samples voted as the dials say; without `totals` the verdict says why there is none. */
export interface Voted {
  method: string;
  dials: Dialled;
  verdict?: string;
  winner?: number | null;
  totals?: number[] | null;
  valid?: number;
  notes?: string[];
  kept?: number[];
}

/** A point of the margin over k. */
export interface Point {
  k: number;
  margin: number | null;
  low: number | null;
  high: number | null;
  win: number | null;
  accuracy: number | null;
}

/** Margin over k. */
export interface Drawn {
  plot: Record<string, any> | null;
  points: Point[];
  how: string;
}

/** The same words on one response, with the samples that wrote them. */
export interface InspectSaid {
  text: string;
  score: number;
  samples: number[];
}

/** How the words of one sample differ from another's, by part; responses by their number, else `general`. */
export interface Differences {
  principles: (["same" | "added" | "removed", string])[];
  blocks: Record<string, (["same" | "added" | "removed", string])[]>;
}

/** Event `transfer`: take over the principles of a sample. */
export interface Transfer {
  session: string;
  sample: number;
}

/** The page's settings when it opens. */
export interface ModelsSettings {
  methods: string[];
}

/** A model in the leaderboard. */
export interface Ranked {
  model: string;
  rank: number | null;
  rank_low: number | null;
  rank_high: number | null;
  rating: number | null;
  low: number | null;
  high: number | null;
  win_rate: number | null;
  wins: number;
  ties: number;
  losses: number;
  position: number | null;
  position_fair: number | null;
  note: string;
}

/** A model in one subset. */
export interface InSubset {
  model: string;
  subset: string;
  wins: number;
  ties: number;
  losses: number;
  comparisons: number;
  win_rate: number | null;
}

/** The leaderboard, the win matrix and the models by subset. */
export interface Board {
  title: string;
  summary: string;
  unscored: number;
  models: Ranked[];
  wins: number[][];
  ties: number[][];
  subsets: string[];
  by_subset: InSubset[];
}

/** A model in a session, with what it got in all. */
export interface Voter {
  place: number;
  letter: string;
  name: string;
  total: number | null;
}

/** A session behind a number. */
export interface Game {
  id: string;
  title: string;
  subset: string;
  won: number;
  tied: number;
  lost: number;
  k: string;
  models: Voter[];
}

/** The sessions behind a number, the first of them. */
export interface Games {
  count: number;
  rows: Game[];
}

/** A table as text. */
export interface Csv {
  csv: string;
}

/** The scopes to choose from. */
export interface Scopes {
  session: Choice[];
  run: Choice[];
}

export interface ClusterSide {
  share: number | null;
  weight: number | null;
  first: number | null;
  with: number | null;
  without: number | null;
  low: number | null;
  high: number | null;
  flips: number | null;
}

/** A cluster of principles, and what it does in each scope. */
export interface Cluster {
  cluster: number;
  name: string;
  sides: (ClusterSide | null)[];
}

/** A number of a scope. */
export interface Number {
  name: string;
  value: number | null;
  definition: string;
}

/** A principle, and the samples that state it. */
export interface Statement {
  text: string;
  cluster: number;
  count: number;
  weight: number | null;
  samples: [string, number][];
}

/** Clusters, map and numbers of one or two scopes. */
export interface Thoughts {
  titles: string[];
  clusters: Cluster[];
  numbers: Number[][];
  panels: Panel[];
  statements: Statement[];
}

/** The page's settings when it opens. */
export interface QueueSettings {
  may: boolean;
  rules: string[];
  classes: string[];
}

/** A queue and how far it is. */
export interface QueueLine extends Choice {
  total: number;
  done: number;
  mine: number;
  made: string;
}

/** All queues, and what new ones can be made of. */
export interface Overview {
  queues: QueueLine[];
  runs: Choice[];
  tags: string[];
  author: string;
}

/** The choices that a queue is made by. */
export interface NewQueue {
  title: string;
  run: string;
  tag: string;
  rules: string[];
  overlap: number;
  control: number;
  seed: number;
  grows?: boolean;
}

/** The size of a queue before it is made. */
export interface Planned {
  total: number;
  twice: number;
  sessions: number;
  pending: number;
  rules: Record<string, number>;
}

/** A queue that was made. */
export interface Made {
  id: string;
  total: number;
}

/** How far a queue is. */
export interface Progress {
  mine: number;
  done: number;
  total: number;
  pace: number | null;
}

/** A label that stands; `place` is the principle's, `span` counts characters. */
export interface Label {
  id: string;
  kind: string;
  label: string;
  name: string;
  sample: number | null;
  place: number | null;
  span: [number, number] | null;
  note: string;
}

/** A label as the page sends it to be kept. */
export interface QueueSaid {
  id: string;
  session_id: string;
  kind: string;
  label: string;
  sample: number | null;
  place: number | null;
  span: number[] | null;
  note: string;
  author: string;
  queue: string;
  created_at: string;
  replaces: string | null;
}

/** The annotation that was kept, and when. */
export interface Saved {
  saved: string;
  at: string;
}

/** There is no item left. */
export interface End {
  end: boolean;
  progress: Progress;
}

/** An item; what the GRM said is there once the author's blind label is. */
export interface Item {
  queue: string;
  place: number;
  session: string;
  revealed: boolean;
  case: Case;
  mine: Label[];
  done: boolean;
  progress: Progress;
  reason?: string;
  verdict?: string;
  rows?: Row[];
  samples?: Detail[];
  others?: Record<string, Label[]>;
}

/** A label on which annotators differ. */
export interface Differ {
  session: string;
  item: number;
  kind: string;
  sample: number | null;
  place: number | null;
  labels: Record<string, string>;
  allowed: string[];
  final: Label | null;
  adjudicator: string;
}

/** How far annotators agree. */
export interface Agreed {
  items: number;
  waiting: number;
  differ: Differ[];
  kappas: Table;
  alphas: Table;
}

/** A labelled sample, to be looked at. */
export interface Example {
  query: string;
  session: string;
  sample: number;
  scores: string;
}

/** Failures, counted; with the documents that say the same. */
export interface FailureReport {
  said: string;
  panels: Panel[];
  examples: Record<string, Example[]>;
  markdown: string;
  html: string;
  lacks?: string;
}

/** An item of a run, by the naive vote over all its samples (see grm_core.analysis.standing). */
export interface RunItem {
  session: string;
  title: string;
  item: string;
  subset: string;
  best: number[];
  winner: number | null;
  margin: number | null;
  agreement: number | null;
  alone: number | null;
  right: string | null;
  settles: number | null;
  samples: number;
  unread: number;
}

/** All items of a run, the newest first. */
export interface RunItems {
  k: number;
  labelled: boolean;
  subsets: string[];
  said: string;
  items: RunItem[];
}

/** A file to download. */
export interface Archive {
  name: string;
  base64: string;
}

/** How many findings a session has, by severity. */
export interface Counted {
  session: string;
  error: number;
  warning: number;
  note: number;
}

/** A run of several: its settings that differ, and its figures where items have labels. */
export interface ComparedRun {
  id: string;
  title: string;
  values: string[];
  k: number;
  alone: number | null;
  accuracy: string;
  difference: string;
}

/** An item that all runs judged; lists have a place for each run. */
export interface ComparedItem {
  item: string;
  title: string;
  subset: string;
  best: number[];
  sessions: string[];
  winners: (number | null)[];
  margins: (number | null)[];
  right: (string | null)[];
}

/** How many items are `one` (right, wrong or tie) in the first run and `other` in another. */
export interface Cross {
  run: number;
  one: string;
  other: string;
  count: number;
}

/** Several runs on the items that all of them judged. */
export interface ComparedRuns {
  settings: string[];
  runs: ComparedRun[];
  said: string[];
  panels: Panel[];
  crosses: Cross[];
  items: ComparedItem[];
}

/** The page's settings when it opens. */
export interface SessionsSettings {
  sorts: string[];
  may: boolean;
}

/** Which sessions are wanted. */
export interface Wanted {
  words: string;
  tag: string;
  model: string;
  sort: string;
  run: string;
  labelled: boolean;
  binned: boolean;
  offset: number;
}

/** A session in the list. */
export interface Listed {
  id: string;
  title: string;
  tags: string[];
  snippet: string;
  model: string;
  run: string;
  settings: string;
  item: string;
  winner: number | null;
  margin: number | null;
  right: string | null;
  foreign: string;
  n: number;
  k: number;
  samples: number;
  valid: number;
  state: string;
  created: string;
}

/** One page of the list. */
export interface SessionList {
  rows: Listed[];
  text: string;
  tags: string[];
  models: string[];
  offset: number;
  count: number;
}

/** A passage that holds all words. */
export interface Found {
  session: string;
  title: string;
  sample: number | null;
  field: string;
  snippet: string;
}

/** The result of a change: what was wrong, '' for nothing. */
export interface Done {
  error: string;
}

/** A line of the audit log. */
export interface Act {
  at: string;
  who: string;
  what: string;
  target: string;
}

/** The newest lines, the last one first. */
export interface AuditLog {
  lines: Act[];
}

/** Why nothing could be answered or done. */
export interface Failed {
  error: string;
  later?: boolean;
}

/** Something to choose: a run, a session, a queue. */
export interface Choice {
  id: string;
  title: string;
}

/** A line of words above the page. */
export interface Line {
  kind: string;
  text: string;
}

/** A message of the query. */
export interface Turn {
  role: string;
  content: string;
}

/** A judged item: the query and the responses in own order. */
export interface Case {
  query: Turn[];
  line: string;
  responses: string[];
  reference: string | null;
  labels: number[] | null;
  models: string[] | null;
}

/** A sample in a matrix. */
export interface Row {
  i: number;
  scores: number[] | null;
  reason: string | null;
  order: string;
  meta: number | null;
}

/** A principle with its weight as written. */
export interface Weighted {
  text: string;
  weight: number | null;
}

/** A piece of a critique: what it says of one response, or of none. */
export interface Block {
  response: number | null;
  at: number[];
}

/** A quotation in a critique, and where it was found. */
export interface Quote {
  at: number[];
  origin: string;
  response: number | null;
  where: number[] | null;
}

/** A place in the raw text that the parser took something from. */
export interface Span {
  at: number[];
  kind: string;
}

/** Everything about one sample; places are counted in UTF-16 units. */
export interface Detail {
  i: number;
  scores: number[] | null;
  sub: (number | null)[];
  reason: string | null;
  status: string;
  order: string[];
  principles: Weighted[];
  critique: string;
  blocks: Block[];
  quotes: Quote[];
  raw: string;
  reasoning: string | null;
  spans: Span[];
  seed: number | null;
  tokens: number | null;
  seconds: number | null;
  finish: string | null;
  meta: number | null;
}

/** Numbers and words by column. */
export interface Table {
  columns: string[];
  rows: any[][];
}

/** A question, its plot and the numbers behind it. */
export interface Panel extends Table {
  name: string;
  title: string;
  figure: Record<string, any> | null;
  note: string;
}

/** A page of plots: title, remarks and panels. */
export interface Panels {
  title: string;
  said: string[];
  panels: Panel[];
}

/** A run under way. */
export interface Running {
  id: string;
  title: string;
  done: number;
  k: number;
}

/** The state of the engine, and the runs under way. */
export interface Frame {
  kind: string;
  word: string;
  lines: Line[];
  message: string;
  running: Running[];
}

/** A place that holds the words: in a sample, or in a session's title or query. */
export interface Passage {
  session: string;
  sample: number | null;
  title: string;
  snippet: string;
}

/** What search found. */
export interface Places {
  passages: Passage[];
  runs: Choice[];
}

/** A run with its items and plots. */
export interface SiteRun {
  id: string;
  title: string;
  items: RunItems;
  panels: Panel[];
}

/** What is read first: runs, or the Demo's slides (then there are no runs). */
export interface SiteContent {
  title: string;
  sessions: string[];
  titles: string[];
  runs: SiteRun[];
  compared: ComparedRuns | null;
  findings: Counted[];
  tour: (Recorded | Over)[];
  handout: string;
}

/** A session with everything that Inspect shows of it. */
export interface SiteSession {
  view: View;
  case: Case;
  samples: Detail[];
  about: InspectSaid[][];
  drawn: Record<string, Drawn>;
  lab: Panel[];
}

/** A text that search reads. */
export interface SitePassage {
  session: number;
  sample: number | null;
  field: string;
  body: string;
}

export interface ShellServer {
  /** The engine and the runs at this moment. */
  state(): Promise<Frame | null>;
  /** Sessions, samples and runs that hold the words; the newest of each for none. */
  find(words: string): Promise<Places | null>;
}

export interface InspectServer {
  /** A session at this moment. */
  view(session_id: string): Promise<View | null>;
  /** A session as html, md, csv or jsonl. */
  document(session_id: string, kind: string): Promise<string | null>;
  /** The query and responses of a session. */
  case(session_id: string): Promise<Case | null>;
  /** One sample's texts. */
  sample(session_id: string, index: number): Promise<Detail | null>;
  /** The samples under these dials; a number below 1 is as good as none. */
  voted(session_id: string, method: string, k: number | null, k_meta: number | null): Promise<Voted | null>;
  /** Margin over k under these dials. */
  drawn(session_id: string, method: string, k: number | null, k_meta: number | null): Promise<Drawn | null>;
  /** Every question about the vote of a session, with its plot and numbers. */
  panels(session_id: string, k: number | null, k_meta: number | null): Promise<Panel[] | null>;
  /** Every sample's words on one response. */
  about(session_id: string, response: number): Promise<InspectSaid[] | null>;
  /** How the words of two samples differ. */
  differences(session_id: string, base: number, other: number): Promise<Differences | null>;
  /** The samples with a principle or critique that holds the words. */
  holding(session_id: string, words: string): Promise<number[] | null>;
}

export interface QueueServer {
  /** All queues with their progress, and what new ones can be made of; a login is the author. */
  overview(author: string): Promise<Overview | null>;
  /** The size of a queue before it is made. */
  plan(wanted: NewQueue): Promise<Planned | Failed | null>;
  /** A new queue from a run, a tag or everything, by the rules in the order given. */
  make(wanted: NewQueue): Promise<Made | Failed | null>;
  /** The author's next item. */
  take(queue_id: string, author: string, after: number): Promise<Item | End | Failed | null>;
  /** A certain item, which is the author's from then on. */
  look(queue_id: string, author: string, place: number): Promise<Item | Failed | null>;
  /** An item that all who had it have completed, with what each of them said. */
  compare(queue_id: string, author: string, place: number): Promise<Item | Failed | null>;
  /** Keep an annotation; sent again, it changes nothing. */
  save(said: QueueSaid): Promise<Saved | Failed | null>;
  /** Kappa, alpha and disagreements over the items that all who had them have finished. */
  agreed(queue_id: string, author: string): Promise<Agreed | Failed | null>;
  /** The failure report of a queue, or of all annotations for ''; without what the author must not see yet. */
  failed(queue_id: string, author: string): Promise<FailureReport | Failed | null>;
}

export interface CodesServer {
  /** All code books with their codes, the paper's first. */
  books(): Promise<BookCodes[] | null>;
  /** A code book with its counts over a queue, or over everything for ''. */
  book(book_id: string, queue: string, author: string): Promise<BookReport | Failed | null>;
  /** The labels of a code, each with its sample. */
  cases(book_id: string, code: string, queue: string, author: string): Promise<NoteLine[] | Failed | null>;
  /** Change a code book, or begin one. */
  change(change: Change): Promise<Changed | Failed | null>;
  /** Give a code to the samples of some notes. */
  code_notes(coding: Coding): Promise<Coded | Failed | null>;
  /** Labels as a file of this kind: see reports.labelled. */
  exported(kind: string, queue: string, author: string): Promise<File | Failed | null>;
  /** Keep the labels and code books of a file; with logins, admins only, as labels carry names. */
  imported(text: string): Promise<Taken | Failed | null>;
  /** The GRM of a run against people's blind labels; '' takes the run that has most of them. */
  people(run_id: string, author: string): Promise<People | Failed | null>;
}

export interface SessionsServer {
  /** One page of the wanted sessions, how many there are, and by what they can be filtered. */
  find(fields: Wanted): Promise<SessionList | null>;
  /** Passages that hold the words, in the sessions that fit otherwise: best first, 12 from `offset` on. */
  passages(fields: Wanted, offset: number): Promise<Found[] | null>;
  /** Rename, tag, bin, restore or delete one session; says what was wrong in `error`. */
  change(what: string, session_id: string, value: string | null): Promise<Done | null>;
  /** The newest lines of the audit log, for admins. */
  log(): Promise<AuditLog | Failed | null>;
}

export interface PrinciplesServer {
  /** The scopes to choose from: the newest sessions and the newest runs of more than one session. */
  choices(): Promise<Scopes | null>;
  /** Clusters, map and numbers of one or two scopes; `error` says what is wrong. */
  principles(kind: string, name: string, other: string): Promise<Thoughts | Failed | null>;
  /** All stated principles with their clusters: CSV as text, Parquet in base64; None where there are none. */
  table(kind: string, name: string, other: string, wanted: string): Promise<string | null>;
  /** The numbers by model, template, temperature and order: the newest settings, clustered together. */
  settings(): Promise<Table | Failed | null>;
}

export interface BatchServer {
  /** A file that was dropped, read anew with what somebody says of its columns. */
  mapped(file_id: string, roles: ColumnRole[]): Promise<Draft | Failed | null>;
  /** Which models can judge a file now. */
  models(): Promise<Models | null>;
  /** Put a file that was dropped at the end of the line. */
  begin(draft_id: string, asking: Asking): Promise<Choice | Failed | null>;
  /** Pause, resume, cancel or remove a batch; all of them then. */
  act(what: string, batch_id: string): Promise<BatchList | Failed | null>;
  /** All batches, the newest first. */
  batches(): Promise<BatchList | null>;
  /** The items of a batch that have samples or had, the newest first, some at a time. */
  items(batch_id: string, offset: number): Promise<JudgedItems | null>;
}

export interface RunsServer {
  /** The runs of more than one session; those of one where there are no others. */
  choices(): Promise<Choice[] | null>;
  /** How many samples these runs have so far, of at most as many runs as can be compared. */
  size(names: string[]): Promise<number | null>;
  /** Every item of a run in a line, the newest first. */
  items(name: string): Promise<RunItems | Failed | null>;
  /** How many findings these sessions have, of at most 100 of them. */
  findings(sessions: string[]): Promise<Counted[] | null>;
  /** The panels of a run, all its items counted: "first" is what is shown while the others are computed, "rest". */
  run(name: string, part: string): Promise<Panels | Failed | null>;
  /** A run, or several compared, as a static site in a ZIP archive. */
  site(names: string[]): Promise<Archive | Failed | null>;
  /** Two runs or more on the items that all of them judged; the first is what the others are set against. */
  compared(names: string[]): Promise<ComparedRuns | Failed | null>;
}

export interface BenchmarksServer {
  /** The runs of `bench` and of `attack`, by the tags of their sessions, newest first. */
  choices(): Promise<BenchmarkRun[] | null>;
  /** The report of a run of `attack`. */
  attacks(name: string): Promise<Attacks | Failed | null>;
  /** Headline and chance, 0..1, by naive voting under the benchmark's own policy; None where there is neither. */
  brief(name: string): Promise<Brief | null>;
  /** Headline, panels and items of a run; `beside` names another run of the same benchmark, '' none. */
  run(name: string, beside: string, method: string, tie: string, invalid: string): Promise<Benchmark | Failed | null>;
}

export interface ModelsServer {
  /** The runs whose items name the models that answered. */
  choices(): Promise<Choice[] | null>;
  /** The leaderboard, the win matrix and, over all items, the models by subset. */
  board(run: string, method: string, k: number | null, subset: string | null): Promise<Board | Failed | null>;
  /** The sessions behind a number, the first _LISTED_MOST of them, each with its vote. */
  sessions(run: string, method: string, k: number | null, subset: string | null, outcome: string, model: string, other: string): Promise<Games | Failed | null>;
  /** A table as CSV: models, pairs or subsets. */
  table(run: string, method: string, k: number | null, subset: string | null, name: string): Promise<Csv | Failed | null>;
}

export interface DemoServer {
  /** All slides. */
  tour(): Promise<(Recorded | Over)[] | null>;
  /** The tour as a page to hand out. */
  handout(): Promise<string | null>;
}

export interface CompareServer {
  /** The two sessions side by side. */
  pair(first: string, second: string): Promise<Pair | Failed | null>;
}
