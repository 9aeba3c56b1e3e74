// Written by clients/dashboard/generate.py from protos/; never edited.
// A field of TABLE is number:name:kind, with * for repeated, ? for one that may be absent, % for a map.

export const AlertGroupBy: Record<number, string> = { 0: "UNSPECIFIED", 1: "NONE", 2: "ASSET", 3: "DISLOCATED_VENUE", 4: "BUY_VENUE", 5: "SELL_VENUE", 6: "RULE", 7: "REASON" };
export const AlertInhibition: Record<number, string> = { 0: "UNSPECIFIED", 1: "VENUE_STATE", 2: "IDENTITY", 3: "MAINTENANCE", 4: "DEPEG" };
export const AlertMessageKind: Record<number, string> = { 0: "UNSPECIFIED", 1: "OPENED", 2: "UPDATED", 3: "CLOSED", 4: "REPEATED", 5: "DIGEST" };
export const AlertReason: Record<number, string> = { 0: "UNSPECIFIED", 1: "OPPORTUNITY", 2: "VENUE_STATE", 3: "STALE", 4: "RESYNC_STORM", 5: "CLOCK", 6: "DATABASE", 7: "SHARD", 8: "BUFFER", 9: "DISK", 10: "MARKET_MOVE", 11: "FUNDING_SPREAD", 12: "BASIS", 13: "CANARY" };
export const AlertTrigger: Record<number, string> = { 0: "UNSPECIFIED", 1: "OPPORTUNITY", 2: "SNAPSHOT", 3: "MINUTE", 4: "FEED", 5: "SYSTEM", 6: "MARKET_MOVE", 7: "FUNDING_SPREAD", 8: "BASIS", 9: "CANARY" };
export const AssetClass: Record<number, string> = { 0: "UNSPECIFIED", 1: "COIN", 2: "SHARE", 3: "METAL", 4: "COMMODITY", 5: "INDEX", 6: "FX", 7: "PRE_MARKET" };
export const BookState: Record<number, string> = { 0: "UNSPECIFIED", 1: "LIVE", 2: "RESYNCING", 3: "STALE", 4: "CLOSED", 5: "MOVED" };
export const Channel: Record<number, string> = { 0: "UNSPECIFIED", 1: "QUOTES", 2: "RANK", 3: "OPPORTUNITIES", 4: "ALERTS", 5: "HEALTH", 6: "LOG", 7: "SUMMARY" };
export const ConsoleFormat: Record<number, string> = { 0: "UNSPECIFIED", 1: "TEXT", 2: "JSON" };
export const DeliveryState: Record<number, string> = { 0: "UNSPECIFIED", 1: "PENDING", 2: "DELIVERED", 3: "FAILED" };
export const FactKind: Record<number, string> = { 0: "UNSPECIFIED", 1: "FUNDING_RATE", 2: "PREDICTED_FUNDING_RATE", 3: "FUNDING_INTERVAL", 4: "NEXT_FUNDING_TIME", 5: "FUNDING_ACCRUAL", 6: "MARK_PRICE", 7: "INDEX_PRICE", 8: "OPEN_INTEREST", 9: "VOLUME_24H", 10: "TRADING_STATUS", 11: "LOT_SIZE", 12: "MIN_SIZE", 13: "MAX_SIZE", 14: "MIN_NOTIONAL", 15: "MIN_PRICE", 16: "MAX_PRICE", 17: "CONTRACT_SIZE", 18: "TICK_SIZE" };
export const FactState: Record<number, string> = { 0: "UNSPECIFIED", 1: "KNOWN", 2: "STALE", 3: "UNKNOWN", 4: "REFUSED" };
export const FundingAccrual: Record<number, string> = { 0: "UNSPECIFIED", 1: "AT_MOMENTS", 2: "CONTINUOUS" };
export const IdentityState: Record<number, string> = { 0: "UNSPECIFIED", 1: "SUSPECT", 2: "CONFIRMED", 3: "DENIED" };
export const LifeGrouping: Record<number, string> = { 0: "UNSPECIFIED", 1: "ASSET", 2: "VENUE_PAIR", 3: "HOUR" };
export const LogLevel: Record<number, string> = { 0: "UNSPECIFIED", 1: "DEBUG", 2: "INFO", 3: "WARNING", 4: "ERROR" };
export const OpportunityEventKind: Record<number, string> = { 0: "UNSPECIFIED", 1: "OPENED", 2: "UPDATED", 3: "CLOSED" };
export const PriceSource: Record<number, string> = { 0: "UNSPECIFIED", 1: "LATEST", 2: "SNAPSHOT", 3: "MINUTE" };
export const RefusalReason: Record<number, string> = { 0: "UNSPECIFIED", 1: "NOT_LIVE", 2: "EMPTY_SIDE", 3: "TOO_OLD", 4: "SKEWED", 5: "FEE_UNKNOWN", 6: "RATE_UNKNOWN", 7: "IDENTITY_SUSPECT", 8: "TOO_SMALL", 9: "BELOW_THRESHOLD", 10: "UNKNOWN_LEG", 11: "CROSSED", 12: "MIDS_APART", 13: "IDENTITY_DENIED", 14: "RELAYED_BOOK", 15: "DEPEGGED", 16: "BELOW_LOT", 17: "BELOW_MIN_NOTIONAL", 18: "ABOVE_MAX_SIZE", 19: "BEYOND_DEPTH", 20: "NO_DEPTH", 21: "STALE_DEPTH", 22: "NOT_TRADING", 23: "DELISTING", 24: "CONTRACT_CHANGED", 25: "FUNDING_CHANGED", 26: "LIMITS_UNKNOWN", 27: "BELOW_MIN_SIZE", 28: "BEYOND_PRICE_LIMIT", 40: "TOO_GOOD" };
export const Role: Record<number, string> = { 0: "UNSPECIFIED", 1: "PUBLIC", 2: "VIEWER", 3: "TRADER", 4: "OPERATOR", 5: "ADMIN", 6: "TRACKER" };
export const SmtpSecurity: Record<number, string> = { 0: "UNSPECIFIED", 1: "STARTTLS", 2: "TLS", 3: "NONE" };
export const SuppressionReason: Record<number, string> = { 0: "UNSPECIFIED", 1: "THRESHOLD", 2: "COOLDOWN", 3: "SILENCE", 4: "MUTE_TIME", 5: "INHIBITION", 6: "GROUPING", 7: "ACKNOWLEDGED", 8: "BUDGET", 9: "FAILED_DELIVERY" };
export const TradingStatus: Record<number, string> = { 0: "UNSPECIFIED", 1: "TRADING", 2: "POST_ONLY", 3: "REDUCE_ONLY", 4: "HALTED", 5: "DELISTING", 6: "PRE_LAUNCH", 7: "CLOSED" };
export const VenueState: Record<number, string> = { 0: "UNSPECIFIED", 1: "STARTING", 2: "LIVE", 3: "DEGRADED", 4: "DOWN" };

export interface Access {
  role: number;
  isChange: boolean;
}

export interface AcknowledgeAlertGroupRequest {
  name: string;
  token: string;
  author: string;
  comment: string;
  validFor?: number;
}

export interface AcknowledgeAlertGroupResponse {
  group?: AlertGroup;
}

export interface Acknowledgement {
  committedSequence: number;
}

export interface AggregatorProgress {
  currentSymbols: number;
  windowElapsed: number;
}

export interface Alert {
  name: string;
  rule: string;
  opportunity?: Opportunity;
  fireTime?: number;
  deliveries: Delivery[];
  closeTime?: number;
  group: string;
  trouble?: AlertTrouble;
}

export interface AlertAcknowledgement {
  author: string;
  comment: string;
  time?: number;
  expireTime?: number;
}

export interface AlertChannel {
  id: string;
  console?: ConsoleChannel;
  webhook?: WebhookChannel;
  slack?: SlackChannel;
  discord?: DiscordChannel;
  template?: TemplateChannel;
  telegram?: TelegramChannel;
  email?: EmailChannel;
  webPush?: WebPushChannel;
  teams?: TeamsChannel;
  pagerduty?: PagerDutyChannel;
  opsgenie?: OpsgenieChannel;
  ntfy?: NtfyChannel;
  matrix?: MatrixChannel;
  apprise?: AppriseChannel;
  textTemplate: string;
}

export interface AlertEscalation {
  after?: number;
  channelIds: string[];
}

export interface AlertGroup {
  name: string;
  rule: string;
  label: string;
  asset: string;
  dislocatedVenue: string;
  reason: number;
  members: Alert[];
  memberCount: number;
  openCount: number;
  openTime?: number;
  closeTime?: number;
  duration?: number;
  peakNetPercent: number;
  paperProfit: number;
  paperCurrency: string;
  acknowledgement?: AlertAcknowledgement;
  heldBack: string;
  revision: number;
  escalations: number;
  deliveries: Delivery[];
}

export interface AlertGrouping {
  by: number[];
  wait?: number;
  interval?: number;
  repeatInterval?: number;
  closeWait?: number;
}

export interface AlertMessage {
  name: string;
  groupKey: string;
  revision: number;
  kind: number;
  rule: string;
  group?: AlertGroup;
  alert?: Alert;
  acknowledgeToken: string;
  createTime?: number;
}

export interface AlertMuteTime {
  timeZone: string;
  weekdays: number[];
  daysOfMonth: number[];
  months: number[];
  fromTime: string;
  toTime: string;
}

export interface AlertRow {
  rule: string;
  opportunity?: Opportunity;
  firedAt: number;
  deliveries: Delivery[];
  name: string;
  closedAt?: number;
}

export interface AlertRule {
  name: string;
  displayName: string;
  isEnabled: boolean;
  trigger: number;
  venues: string[];
  symbols: string[];
  assets: string[];
  minGrossPercent?: number;
  minNetPercent?: number;
  minNotional?: number;
  minLife?: number;
  cooldown?: number;
  channels: AlertChannel[];
  etag: string;
  createTime?: number;
  updateTime?: number;
  grouping?: AlertGrouping;
  muteTimes: AlertMuteTime[];
  ignoredInhibitions: number[];
  escalations: AlertEscalation[];
  feed?: FeedCondition;
  system?: SystemCondition;
  marketMove?: MarketMoveCondition;
  fundingSpread?: FundingSpreadCondition;
  basis?: BasisCondition;
  canary?: CanaryCondition;
  minAliveProbability?: number;
  aliveAfter?: number;
  filter?: OpportunityFilter;
}

export interface AlertTrouble {
  reason: number;
  venue: string;
  asset: string;
  part: string;
  detail: string;
  sinceTime?: number;
}

export interface ApiKey {
  id: string;
  displayName: string;
  role: number;
  venues: string[];
  createTime?: number;
  expireTime?: number;
  lastUseTime?: number;
  revokeTime?: number;
  creator: string;
  methods: string[];
  networks: string[];
  dailyQuota?: number;
  usedToday: number;
}

export interface AppriseChannel {
  url: string;
  tags: string;
}

export interface ArbitrageLeg {
  exchange: string;
  symbol: string;
  price: number;
  size: number;
  takerFeePercent: number;
  quoteCurrency: string;
  ageMs: number;
}

export interface ArbitrageRow {
  id: string;
  asset: string;
  symbol: string;
  profitPercent: number;
  grossPercent: number;
  buy?: ArbitrageLeg;
  sell?: ArbitrageLeg;
  costs?: SpreadCosts;
  executableSize: number;
  executableNotional: number;
  openedAt?: number;
  peakProfitPercent: number;
  cooldown?: CooldownState;
  conversion?: Conversion;
}

export interface AssetOverview {
  asset: string;
  bestBid: number;
  bestBidVenue: string;
  bestAsk: number;
  bestAskVenue: string;
  venues: string[];
  widestGrossPercent: number;
}

export interface AuditEntry {
  id: number;
  time?: number;
  principal: string;
  role: number;
  address: string;
  method: string;
  resource: string;
  outcome: string;
  requestId: string;
  request: string;
}

export interface BasisCondition {
  minPercent: number;
}

export interface CanaryCondition {
  interval?: number;
}

export interface CanaryStats {
  rule: string;
  channelId: string;
  deliveryTime?: number;
  dueTime?: number;
}

export interface CheckAlertsRequest {
  rule: string;
}

export interface CheckAlertsResponse {
  rulesEvaluated: number;
  alerts: Alert[];
  suppressed: number;
}

export interface ClientFrame {
  subscribe?: Subscribe;
  change?: Subscribe;
  unsubscribe?: Unsubscribe;
  pause?: Pause;
  resume?: Resume;
  renew?: Renew;
}

export interface ConsoleChannel {
  format: number;
}

export interface Conversion {
  fromCurrency: string;
  toCurrency: string;
  rate: number;
  age?: number;
  isAssumed: boolean;
}

export interface CooldownState {
  isActive: boolean;
  rule: string;
  remaining?: number;
  isKnown: boolean;
}

export interface CountRowsRequest {
}

export interface CountRowsResponse {
  venues: VenueRows[];
}

export interface CreateAlertRuleRequest {
  alertRuleId: string;
  alertRule?: AlertRule;
}

export interface CreateAlertRuleResponse {
  alertRule?: AlertRule;
}

export interface CreateApiKeyRequest {
  displayName: string;
  role: number;
  venues: string[];
  lifetime?: number;
  methods: string[];
  networks: string[];
  dailyQuota: number;
}

export interface CreateApiKeyResponse {
  key?: ApiKey;
  secret: string;
}

export interface CreateSilenceRequest {
  silence?: Silence;
}

export interface CreateSilenceResponse {
  silence?: Silence;
}

export interface CreateUserRequest {
  name: string;
  role: number;
  password: string;
}

export interface CreateUserResponse {
  user?: User;
}

export interface DeadLetterFilter {
  rule: string;
  channelId: string;
  kind: string;
  reason: string;
  fromTime?: number;
  toTime?: number;
}

export interface DeadLetters {
  kind: string;
  reason: string;
  count: number;
  firstFireTime?: number;
  lastFireTime?: number;
}

export interface DecideIdentityRequest {
  name: string;
  state: number;
  comment: string;
}

export interface DecideIdentityResponse {
  finding?: IdentityFinding;
}

export interface DeleteAlertRuleRequest {
  name: string;
}

export interface DeleteAlertRuleResponse {
}

export interface DeleteUserRequest {
  name: string;
}

export interface DeleteUserResponse {
}

export interface Delivery {
  channelId: string;
  state: number;
  attempts: number;
  lastError: string;
  deliveryTime?: number;
}

export interface DepthBatch {
  symbolIndex: Uint32Array;
  readNs: Float64Array;
  bids: number[];
  asks: number[];
  price: Float64Array;
  size: Float64Array;
}

export interface DiscordChannel {
  url: string;
}

export interface EdgePoint {
  after?: number;
  netPercent: number;
  executableNotional: number;
}

export interface EmailChannel {
  host: string;
  port: number;
  security: number;
  username: string;
  password: string;
  sender: string;
  recipients: string[];
}

export interface ExchangeCodeRequest {
  code: string;
}

export interface ExchangeCodeResponse {
  session?: SessionGrant;
}

export interface ExpireSilenceRequest {
  name: string;
}

export interface ExpireSilenceResponse {
  silence?: Silence;
}

export interface ExplainAlertRequest {
  opportunity: string;
  group: string;
  rule: string;
}

export interface ExplainAlertResponse {
  isTold: boolean;
  explanation: string;
  alert?: Alert;
  group?: AlertGroup;
  suppressions: Suppression[];
}

export interface ExplainSpreadRequest {
  asset: string;
  buyVenue: string;
  sellVenue: string;
  notionals: Float64Array;
  holdingHorizon?: number;
}

export interface ExplainSpreadResponse {
  opportunity?: Opportunity;
  reason: number;
  explanation: string;
  buyAge?: number;
  sellAge?: number;
  identityFinding: string;
}

export interface ExportColumn {
  name: string;
  type: string;
}

export interface ExportRequest {
  dataset: string;
  fromTime?: number;
  toTime?: number;
}

export interface ExportResponse {
  columns: ExportColumn[];
  rows: Uint8Array;
}

export interface FeedCondition {
  venueStates: number[];
  maxClockOffsetMs?: number;
  maxDelayMs?: number;
  staleAfter?: number;
  maxResyncs?: number;
  resyncWithin?: number;
}

export interface FundingSpreadCondition {
  minPercentPerHour: number;
}

export interface GatewayStats {
  sockets: number;
  subscriptions: number;
  framesSent: number;
  bytesSent: number;
  stalledSockets: number;
  instruments: number;
  connected: boolean;
}

export interface GetAggregatorStatsRequest {
}

export interface GetAggregatorStatsResponse {
  streams: IngestStreamStats[];
  snapshotsWritten: number;
  minutesWritten: number;
  incompleteSnapshots: number;
  quotesIngested: number;
  batchesRefused: number;
  subscribers: number;
  databaseAvailable: boolean;
  shard: string;
  contestedSnapshots: number;
  batchTransitP50Us: number;
  batchTransitP99Us: number;
  windowUpdateP50Us: number;
  windowUpdateP99Us: number;
  lostWindows: number;
  maxWaitingWindows: number;
}

export interface GetAlertRuleRequest {
  name: string;
}

export interface GetAlertRuleResponse {
  alertRule?: AlertRule;
}

export interface GetAlertStatsRequest {
}

export interface GetAlertStatsResponse {
  fired: number;
  suppressed: number;
  delivered: number;
  failed: number;
  pending: number;
  cooldownAvailable: boolean;
  databaseAvailable: boolean;
  connected: boolean;
  evaluated: number;
  ownedSlots: number;
  slots: number;
  arbitrageTarget: string;
  canaries: CanaryStats[];
}

export interface GetArbitrageStatsRequest {
}

export interface GetArbitrageStatsResponse {
  opened: number;
  closed: number;
  openNow: number;
  refusals: RefusalCount[];
  quotesScanned: number;
  frameToOpportunityP50Us: number;
  frameToOpportunityP99Us: number;
  connected: boolean;
  venues: VenueHealth[];
}

export interface GetMarketOverviewRequest {
  assets: string[];
}

export interface GetMarketOverviewResponse {
  assets: AssetOverview[];
}

export interface GetMeRequest {
}

export interface GetMeResponse {
  principal: string;
  role: number;
  expireTime?: number;
  hasPasswords: boolean;
  hasSignOn: boolean;
}

export interface GetOpportunityStatisticsRequest {
  venues: string[];
  assets: string[];
  fromTime?: number;
  toTime?: number;
  groupBy: number[];
  latencies: number[];
  limit: number;
}

export interface GetOpportunityStatisticsResponse {
  rows: LifeStatistics[];
}

export interface GetOrderBookRequest {
  venue: string;
  symbol: string;
  depth: number;
}

export interface GetOrderBookResponse {
  venue: string;
  symbol: string;
  state: number;
  bids: PriceLevel[];
  asks: PriceLevel[];
  sequence: number;
}

export interface GetOverviewRequest {
  venue: string;
  asset: string[];
}

export interface GetOverviewResponse {
  assets: AssetOverview[];
  count: number;
  asOf: number;
}

export interface GetStatsRequest {
  venue: string;
}

export interface GetStatsResponse {
  isTracking: boolean;
  markets: number;
  connected: boolean;
  messagesReceived: number;
  lastMessageAt?: number;
  database?: RowCounts;
  aggregator?: AggregatorProgress;
  state: number;
  reason: string;
  since?: number;
  clockOffsetMs?: number;
  delayMs?: number;
  liveMarkets: number;
  asOf: number;
}

export interface GetSummaryRequest {
}

export interface GetSummaryResponse {
  venues: Record<string, number>;
  instruments: number;
  liveInstruments: number;
  openOpportunities: number;
  best?: ArbitrageRow;
  alerts24h: number;
  latencyP50Us: number;
  latencyP99Us: number;
  dataAgeMs?: number;
  venueHealth: VenueHealth[];
  isSimulated: boolean;
  asOf: number;
}

export interface GetTrackerStatsRequest {
  venues: string[];
}

export interface GetTrackerStatsResponse {
  venues: VenueStats[];
  spoolFreePercent?: number;
}

export interface Heartbeat {
  serverTimeMs: number;
  venueAgeMs: Record<string, number>;
  lostShards: string[];
}

export interface HoldingCosts {
  horizon?: number;
  buyFundingPercent?: number;
  sellFundingPercent?: number;
  buyPayments: number;
  sellPayments: number;
  netPercent?: number;
  unknown: string[];
  assumed: string[];
}

export interface IdentityFinding {
  name: string;
  asset: string;
  first?: IdentityMarket;
  second?: IdentityMarket;
  differencePercent: number;
  sinceTime?: number;
  findTime?: number;
  state: number;
  comment: string;
  decideTime?: number;
}

export interface IdentityMarket {
  venue: string;
  symbol: string;
  mid: number;
}

export interface IngestFactsRequest {
  venue: string;
  instruments: InstrumentFacts[];
}

export interface IngestFactsResponse {
}

export interface IngestHello {
  venue: string;
  streamId: string;
  oldestSequence: number;
  symbols: SymbolEntry[];
  nextSequence: number;
  shard: string;
  leftSymbols: number[];
  rosterSequence: number;
  rosterNs: number;
}

export interface IngestQuotesRequest {
  hello?: IngestHello;
  batch?: QuoteBatch;
  health?: VenueHealth;
  depth?: DepthBatch;
}

export interface IngestQuotesResponse {
  resume?: ResumePoint;
  acknowledgement?: Acknowledgement;
}

export interface IngestStreamStats {
  venue: string;
  streamId: string;
  connected: boolean;
  instruments: number;
  liveInstruments: number;
  receivedSequence: number;
  committedSequence: number;
  watermark?: number;
  health?: VenueHealth;
  waitingWindows: number;
}

export interface Instrument {
  venue: string;
  symbol: string;
  nativeSymbol: string;
  asset: string;
  assetScale: number;
  quoteCurrency: string;
  settleCurrency: string;
  contractSize: number;
  tickSize: number;
  lotSize: number;
  takerFeePercent?: number;
  makerFeePercent?: number;
  assetClass: number;
}

export interface InstrumentFact {
  kind: number;
  state: number;
  value?: number;
  source: string;
  exchangeTime?: number;
  receiveTime?: number;
  reason: string;
}

export interface InstrumentFacts {
  venue: string;
  symbol: string;
  asset: string;
  facts: InstrumentFact[];
  isGone: boolean;
}

export interface InstrumentFilter {
  venues: string[];
  symbols: string[];
  assets: string[];
}

export interface InstrumentName {
  venue: string;
  symbol: string;
}

export interface LaneStats {
  shard: string;
  isConnected: boolean;
  isLeaving: boolean;
  problem: string;
  unacknowledgedBatches: number;
  droppedQuotes: number;
  bufferedBytes: number;
  bufferBytes: number;
}

export interface LatencyCapture {
  latency?: number;
  aliveShare: number;
  meanNetPercent: number;
}

export interface Leg {
  venue: string;
  symbol: string;
  price: number;
  size: number;
  takerFeePercent: number;
  quoteCurrency: string;
  receiveTime?: number;
  facts?: LegFacts;
}

export interface LegDepth {
  age?: number;
  levels: number;
  horizonPrice: number;
  knownSize: number;
  levelPrices: Float64Array;
  levelSizes: Float64Array;
}

export interface LegFacts {
  status: number;
  minSize?: number;
  maxSize?: number;
  minNotional?: number;
  volume24h?: number;
  openInterest?: number;
  fundingRatePercent?: number;
  fundingInterval?: number;
  nextFundingTime?: number;
  isFundingContinuous: boolean;
  age?: number;
  maxBuyPrice?: number;
  minSellPrice?: number;
  predictedFundingRatePercent?: number;
}

export interface LifeFeatures {
  schema: number;
  values: Float64Array;
}

export interface LifeHorizon {
  after?: number;
  aliveProbability: number;
  netPercent: number;
  capturePercent: number;
}

export interface LifePrediction {
  model: string;
  unknown: string;
  horizons: LifeHorizon[];
}

export interface LifeStatistics {
  asset: string;
  buyVenue: string;
  sellVenue: string;
  hour?: number;
  count: number;
  censoredCount: number;
  medianLife?: number;
  meanOpeningNetPercent: number;
  peakNetPercent: number;
  captures: LatencyCapture[];
}

export interface ListAlertGroupsRequest {
  rule: string;
  openOnly: boolean;
  assets: string[];
  venues: string[];
  pageSize: number;
  pageToken: string;
}

export interface ListAlertGroupsResponse {
  groups: AlertGroup[];
  nextPageToken: string;
}

export interface ListAlertRowsRequest {
  rule: string;
  symbol: string;
  venue: string;
  from?: number;
  to?: number;
  limit: number;
  page_token: string;
}

export interface ListAlertRowsResponse {
  alerts: AlertRow[];
  count: number;
  next_page_token: string;
}

export interface ListAlertRulesRequest {
  pageSize: number;
  pageToken: string;
}

export interface ListAlertRulesResponse {
  alertRules: AlertRule[];
  nextPageToken: string;
}

export interface ListAlertsRequest {
  rule: string;
  assets: string[];
  venues: string[];
  fromTime?: number;
  toTime?: number;
  pageSize: number;
  pageToken: string;
}

export interface ListAlertsResponse {
  alerts: Alert[];
  nextPageToken: string;
}

export interface ListApiKeysRequest {
}

export interface ListApiKeysResponse {
  keys: ApiKey[];
}

export interface ListArbitrageRequest {
  symbol: string;
  minProfit?: number;
  minGross?: number;
  exchanges: string[];
  useMinutes: boolean;
  source: number;
  limit: number;
}

export interface ListArbitrageResponse {
  opportunities: ArbitrageRow[];
  count: number;
  asOf: number;
}

export interface ListAuditRequest {
  principal: string;
  limit: number;
  pageToken: string;
}

export interface ListAuditResponse {
  entries: AuditEntry[];
  nextPageToken: string;
}

export interface ListDeadLettersRequest {
  filter?: DeadLetterFilter;
}

export interface ListDeadLettersResponse {
  deadLetters: DeadLetters[];
}

export interface ListIdentityFindingsRequest {
  states: number[];
  assets: string[];
  pageSize: number;
  pageToken: string;
}

export interface ListIdentityFindingsResponse {
  findings: IdentityFinding[];
  nextPageToken: string;
}

export interface ListInstrumentFactsRequest {
  filter?: InstrumentFilter;
  kinds: number[];
  pageSize: number;
  pageToken: string;
}

export interface ListInstrumentFactsResponse {
  instruments: InstrumentFacts[];
  nextPageToken: string;
}

export interface ListLatestQuotesRequest {
  filter?: InstrumentFilter;
}

export interface ListLatestQuotesResponse {
  quotes: Quote[];
}

export interface ListLogRequest {
  services: string[];
  minLevel: number;
  contains: string;
  limit: number;
}

export interface ListLogResponse {
  lines: LogLine[];
}

export interface ListMarketsRequest {
  venues: string[];
}

export interface ListMarketsResponse {
  instruments: Instrument[];
  quarantined: QuarantinedMarket[];
}

export interface ListMinuteRowsRequest {
  venue: string;
  symbol: string;
  limit: number;
  offset: number;
  from?: number;
  to?: number;
  page_token: string;
}

export interface ListMinuteRowsResponse {
  minutes: WindowRow[];
  count: number;
  next_page_token: string;
}

export interface ListMinutesRequest {
  venues: string[];
  symbols: string[];
  fromTime?: number;
  toTime?: number;
  pageSize: number;
  pageToken: string;
  isNewestFirst: boolean;
}

export interface ListMinutesResponse {
  minutes: WindowStats[];
  nextPageToken: string;
}

export interface ListOpportunitiesRequest {
  venues: string[];
  symbols: string[];
  assets: string[];
  minGrossPercent?: number;
  minNetPercent?: number;
  priceSource: number;
  limit: number;
  notionals: Float64Array;
  filter?: OpportunityFilter;
  holdingHorizon?: number;
}

export interface ListOpportunitiesResponse {
  opportunities: Opportunity[];
}

export interface ListOpportunityHistoryRequest {
  venues: string[];
  assets: string[];
  fromTime?: number;
  toTime?: number;
  minPeakNetPercent?: number;
  minDuration?: number;
  closeReasons: number[];
  pageSize: number;
  pageToken: string;
}

export interface ListOpportunityHistoryResponse {
  lives: OpportunityLife[];
  nextPageToken: string;
}

export interface ListPricesRequest {
  symbol: string;
  asset: string[];
  venue: string[];
  state: number;
  limit: number;
}

export interface ListPricesResponse {
  prices: PriceRow[];
  count: number;
  asOf: number;
}

export interface ListProcessesRequest {
}

export interface ListProcessesResponse {
  processes: Process[];
  asOf: number;
}

export interface ListSessionsRequest {
}

export interface ListSessionsResponse {
  sessions: Session[];
}

export interface ListSilencesRequest {
  includeExpired: boolean;
}

export interface ListSilencesResponse {
  silences: Silence[];
}

export interface ListSnapshotRowsRequest {
  venue: string;
  symbol: string;
  limit: number;
  offset: number;
  from?: number;
  to?: number;
  page_token: string;
}

export interface ListSnapshotRowsResponse {
  snapshots: WindowRow[];
  count: number;
  next_page_token: string;
}

export interface ListSnapshotsRequest {
  venues: string[];
  symbols: string[];
  fromTime?: number;
  toTime?: number;
  pageSize: number;
  pageToken: string;
  isNewestFirst: boolean;
}

export interface ListSnapshotsResponse {
  snapshots: WindowStats[];
  nextPageToken: string;
}

export interface ListSuppressionsRequest {
  reasons: number[];
  rule: string;
  assets: string[];
  pageSize: number;
  pageToken: string;
}

export interface ListSuppressionsResponse {
  suppressions: Suppression[];
  nextPageToken: string;
}

export interface ListUsersRequest {
}

export interface ListUsersResponse {
  users: User[];
}

export interface ListVenueMarketsRequest {
  venue: string;
  symbol: string;
  active?: boolean;
  limit: number;
}

export interface ListVenueMarketsResponse {
  markets: MarketRow[];
  count: number;
}

export interface LogLine {
  process: string;
  level: number;
  event: string;
  fields: Record<string, string>;
  time?: number;
}

export interface LoginRequest {
  name: string;
  password: string;
}

export interface LoginResponse {
  session?: SessionGrant;
}

export interface LogoutRequest {
  refreshToken: string;
}

export interface LogoutResponse {
}

export interface MarketMoveCondition {
  minPercent: number;
  within?: number;
}

export interface MarketRow {
  market_index?: number;
  symbol: string;
  active: boolean;
  venue: string;
  asset: string;
  native_symbol: string;
  tick_size: number;
  taker_fee_percent?: number;
  maker_fee_percent?: number;
  state: number;
  quote_currency: string;
  asset_scale: number;
}

export interface MatrixChannel {
  url: string;
  roomId: string;
  accessToken: string;
}

export interface NtfyChannel {
  topic: string;
  url: string;
  token: string;
  priority: number;
}

export interface Opportunity {
  id: string;
  asset: string;
  buy?: Leg;
  sell?: Leg;
  costs?: SpreadCosts;
  executableSize: number;
  executableNotional: number;
  openTime?: number;
  peakNetPercent: number;
  cooldown?: CooldownState;
  conversion?: Conversion;
  isDepegged: boolean;
  sizing?: Sizing;
  dislocatedVenue: string;
  dislocationPercent: number;
  sanity?: Sanity;
  life?: LifePrediction;
  holding?: HoldingCosts;
}

export interface OpportunityEvent {
  kind: number;
  opportunity?: Opportunity;
  closeReason: number;
  duration?: number;
  eventTime?: number;
  causeTime?: number;
  resumeToken: string;
  lifeFeatures?: LifeFeatures;
}

export interface OpportunityFilter {
  minVolume24h?: number;
  minOpenInterest?: number;
  minLife?: number;
  noFundingWithin?: number;
  excludedVenues: string[];
  excludedAssets: string[];
  passesUnknown: boolean;
  minSizedNotional?: number;
  minProfit?: number;
  minDepth?: number;
  depthWithinBps: number;
  minHeldNetPercent?: number;
}

export interface OpportunityLife {
  id: string;
  asset: string;
  buyVenue: string;
  buySymbol: string;
  sellVenue: string;
  sellSymbol: string;
  quoteCurrency: string;
  openTime?: number;
  publishTime?: number;
  closeTime?: number;
  duration?: number;
  closeReason: number;
  isCensored: boolean;
  openingGrossPercent: number;
  openingNetPercent: number;
  peakNetPercent: number;
  peakTime?: number;
  lastNetPercent: number;
  openingSize: number;
  openingNotional: number;
  peakNotional: number;
  path: EdgePoint[];
  events: number;
}

export interface OpsgenieChannel {
  apiKey: string;
  url: string;
  priority: string;
  tags: string[];
}

export interface PagerDutyChannel {
  routingKey: string;
  url: string;
  severity: string;
}

export interface Pause {
}

export interface PriceLevel {
  price: number;
  size: number;
}

export interface PriceRow {
  symbol: string;
  asset: string;
  exchange: string;
  bid?: number;
  bidSize?: number;
  ask?: number;
  askSize?: number;
  spread?: number;
  state: number;
  timestamp: number;
  ageMs: number;
}

export interface Problem {
  code: string;
  message: string;
}

export interface Process {
  service: string;
  target: string;
  isReachable: boolean;
  isServing: boolean;
  problem: string;
  tracker?: GetTrackerStatsResponse;
  aggregator?: GetAggregatorStatsResponse;
  arbitrage?: GetArbitrageStatsResponse;
  alerts?: GetAlertStatsResponse;
  gateway?: GatewayStats;
}

export interface QuarantinedMarket {
  venue: string;
  nativeSymbol: string;
  reason: string;
}

export interface Quote {
  venue: string;
  symbol: string;
  asset: string;
  bid: number;
  bidSize: number;
  ask: number;
  askSize: number;
  state: number;
  exchangeTime?: number;
  receiveTime?: number;
  assetClass: number;
}

export interface QuoteBatch {
  venue: string;
  streamId: string;
  sequence: number;
  watermarkNs: number;
  symbols: SymbolEntry[];
  symbolIndex: Uint32Array;
  receiveNs: Float64Array;
  exchangeNs: Float64Array;
  bid: Float64Array;
  bidSize: Float64Array;
  ask: Float64Array;
  askSize: Float64Array;
  state: Uint8Array;
  isCarried: boolean;
  leftSymbols: number[];
  isRoster: boolean;
  rosterSymbols: number[];
  unheardFromNs: number;
}

export interface RedriveDeliveriesRequest {
  alert: string;
  filter?: DeadLetterFilter;
}

export interface RedriveDeliveriesResponse {
  redriven: number;
}

export interface RefreshSessionRequest {
  refreshToken: string;
}

export interface RefreshSessionResponse {
  session?: SessionGrant;
}

export interface RefusalCount {
  reason: number;
  count: number;
}

export interface ReloadProcessesRequest {
  services: string[];
}

export interface ReloadProcessesResponse {
  processes: ReloadedProcess[];
}

export interface ReloadRequest {
}

export interface ReloadResponse {
  reloaded: string[];
}

export interface ReloadedProcess {
  service: string;
  target: string;
  reloaded: string[];
  problem: string;
}

export interface Renew {
  accessToken: string;
}

export interface Resume {
}

export interface ResumePoint {
  nextSequence: number;
  areQuotesMissing: boolean;
  takesDepth: boolean;
}

export interface RevokeApiKeyRequest {
  id: string;
}

export interface RevokeApiKeyResponse {
}

export interface RevokeSessionRequest {
  id: string;
}

export interface RevokeSessionResponse {
}

export interface RowCounts {
  snapshots: number;
  minutes: number;
}

export interface Sanity {
  score: number;
  venues: number;
  buyOutlierPercent?: number;
  sellOutlierPercent?: number;
  gapPercent: number;
  meanGapPercent?: number;
  gapDeviationPercent?: number;
  gapZ?: number;
}

export interface ServerFrame {
  subscription: number;
  sequence: number;
  isSnapshot: boolean;
  isLast: boolean;
  resumeToken: string;
  dropped: number;
  welcome?: Welcome;
  heartbeat?: Heartbeat;
  problem?: Problem;
  quotes?: SubscribeQuoteBatchesResponse;
  opportunities?: WatchOpportunitiesResponse;
  alert?: WatchAlertsResponse;
  health?: VenuesHealth;
  log?: WatchLogResponse;
  summary?: GetSummaryResponse;
  subscribed?: Subscribed;
}

export interface Session {
  id: string;
  principal: string;
  role: number;
  createTime?: number;
  refreshTime?: number;
  expireTime?: number;
  address: string;
}

export interface SessionGrant {
  accessToken: string;
  expiresIn?: number;
  role: number;
  principal: string;
  refreshToken: string;
}

export interface Silence {
  name: string;
  assets: string[];
  venues: string[];
  rules: string[];
  reasons: number[];
  fromTime?: number;
  toTime?: number;
  author: string;
  comment: string;
  isMaintenance: boolean;
  createTime?: number;
  isActive: boolean;
}

export interface SizedEdge {
  size: number;
  buyNotional: number;
  sellNotional: number;
  netPercent: number;
  profit: number;
  refusal: number;
  requestedNotional: number;
}

export interface Sizing {
  unknownReason: number;
  largest?: SizedEdge;
  thresholdPercent: number;
  mostProfitable?: SizedEdge;
  requested: SizedEdge[];
  isLimitedByDepth: boolean;
  commonLot: number;
  buy?: LegDepth;
  sell?: LegDepth;
  unknownLimits: string[];
  assumed: string[];
}

export interface SlackChannel {
  url: string;
}

export interface SpreadCosts {
  grossPercent: number;
  entryFeesPercent: number;
  exitFeesPercent: number;
  netPercent: number;
}

export interface StartTrackingRequest {
  venue: string;
  symbols: string[];
  assets: string[];
}

export interface StartTrackingResponse {
  started: Instrument[];
}

export interface StopTrackingRequest {
  venue: string;
  symbols: string[];
}

export interface StopTrackingResponse {
  stopped: string[];
}

export interface Subscribe {
  id: number;
  channel: number;
  filter?: InstrumentFilter;
  instruments: InstrumentName[];
  maxHz: number;
  resumeToken: string;
  minNetPercent?: number;
  log?: WatchLogRequest;
  opportunityFilter?: OpportunityFilter;
}

export interface SubscribeQuoteBatchesRequest {
  filter?: InstrumentFilter;
  minInterval?: number;
  withDepth: boolean;
}

export interface SubscribeQuoteBatchesResponse {
  batch?: QuoteBatch;
  conflatedQuotes: number;
  depth?: DepthBatch;
}

export interface Subscribed {
  channel: number;
  maxHz: number;
}

export interface Suppression {
  reason: number;
  rule: string;
  cause: string;
  group: string;
  asset: string;
  venues: string[];
  detail: string;
  by: string;
  firstTime?: number;
  lastTime?: number;
  count: number;
}

export interface SymbolEntry {
  index: number;
  instrument?: Instrument;
}

export interface SystemCondition {
  minFreeDiskPercent?: number;
  maxBufferPercent?: number;
}

export interface TeamsChannel {
  url: string;
}

export interface TelegramChannel {
  botToken: string;
  chatId: string;
  messageThreadId: number;
  url: string;
}

export interface TemplateChannel {
  url: string;
  template: string;
  headers: Record<string, string>;
  expectedAnswer: string;
}

export interface TestAlertChannelRequest {
  channel?: AlertChannel;
  alertRule?: AlertRule;
}

export interface TestAlertChannelResponse {
  isDelivered: boolean;
  httpStatus: number;
  error: string;
}

export interface Unsubscribe {
  id: number;
}

export interface UpdateAlertRuleRequest {
  alertRule?: AlertRule;
  updateMask?: string;
}

export interface UpdateAlertRuleResponse {
  alertRule?: AlertRule;
}

export interface UpdateUserRequest {
  name: string;
  role: number;
  password: string;
}

export interface UpdateUserResponse {
  user?: User;
}

export interface User {
  name: string;
  role: number;
  createTime?: number;
}

export interface VenueHealth {
  venue: string;
  state: number;
  reason: string;
  sinceTime?: number;
  clockOffsetMs?: number;
  delayMs?: number;
}

export interface VenueRows {
  venue: string;
  snapshots: number;
  minutes: number;
}

export interface VenueStats {
  venue: string;
  state: number;
  reason: string;
  connected: boolean;
  markets: number;
  liveMarkets: number;
  messagesReceived: number;
  quotesEmitted: number;
  lastMessageTime?: number;
  gaps: number;
  resyncs: number;
  parseErrors: number;
  reconnects: number;
  droppedQuotes: number;
  unacknowledgedBatches: number;
  frameToQuoteP50Us: number;
  confirmed: number;
  frozen: number;
  stateTransitions: number;
  listingsRefused: number;
  clockOffsetMs?: number;
  delayMs?: number;
  lanes: LaneStats[];
  factAnswers: number;
  factFailures: number;
  factsRefused: number;
}

export interface VenuesHealth {
  venues: VenueHealth[];
}

export interface WatchAlertsRequest {
  rule: string;
}

export interface WatchAlertsResponse {
  alert?: Alert;
  droppedAlerts: number;
}

export interface WatchInstrumentFactsRequest {
  filter?: InstrumentFilter;
  kinds: number[];
}

export interface WatchInstrumentFactsResponse {
  instruments: InstrumentFacts[];
  isComplete: boolean;
}

export interface WatchLogRequest {
  minLevel: number;
  contains: string;
  lines: number;
  isBounded: boolean;
}

export interface WatchLogResponse {
  lines: LogLine[];
  droppedLines: number;
}

export interface WatchOpportunitiesRequest {
  venues: string[];
  assets: string[];
  minNetPercent?: number;
  resumeToken: string;
  symbols: string[];
  filter?: OpportunityFilter;
}

export interface WatchOpportunitiesResponse {
  events: OpportunityEvent[];
  droppedEvents: number;
  isCaughtUp: boolean;
}

export interface WatchQuotesRequest {
  filter?: InstrumentFilter;
  minInterval?: number;
}

export interface WatchQuotesResponse {
  quote?: Quote;
  conflatedQuotes: number;
}

export interface WebPushChannel {
  url: string;
  p256dh: string;
  auth: string;
  vapidPrivateKey: string;
  vapidSubject: string;
}

export interface WebhookChannel {
  url: string;
  secrets: string[];
}

export interface Welcome {
  epoch: string;
  serverTimeMs: number;
  role: number;
  principal: string;
  expiresAtMs?: number;
  maxSubscriptions: number;
  maxInstruments: number;
  isSimulated: boolean;
}

export interface WindowRow {
  symbol: string;
  timestamp: number;
  avg_bid?: number;
  avg_ask?: number;
  avg_spread?: number;
  tick_count: number;
  venue: string;
  min_bid?: number;
  max_bid?: number;
  min_ask?: number;
  max_ask?: number;
  time_weighted_bid?: number;
  time_weighted_ask?: number;
  coverage: number;
  is_complete: boolean;
  duration: number;
}

export interface WindowStats {
  venue: string;
  symbol: string;
  startTime?: number;
  endTime?: number;
  avgBid?: number;
  minBid?: number;
  maxBid?: number;
  avgAsk?: number;
  minAsk?: number;
  maxAsk?: number;
  avgSpread?: number;
  timeWeightedBid?: number;
  timeWeightedAsk?: number;
  tickCount: number;
  coverage: number;
  isComplete: boolean;
  lastQuote?: Quote;
  windows: number;
}

export const TABLE = {
  Access: "1:role:#Role 2:isChange:bool",
  AcknowledgeAlertGroupRequest: "1:name:string 2:token:string 3:author:string 4:comment:string 5:validFor:?Duration",
  AcknowledgeAlertGroupResponse: "1:group:?@AlertGroup",
  Acknowledgement: "1:committedSequence:uint64",
  AggregatorProgress: "1:currentSymbols:uint32 2:windowElapsed:double",
  Alert: "1:name:string 2:rule:string 3:opportunity:?@Opportunity 4:fireTime:?Timestamp 5:deliveries:*@Delivery 6:closeTime:?Timestamp 7:group:string 8:trouble:?@AlertTrouble",
  AlertAcknowledgement: "1:author:string 2:comment:string 3:time:?Timestamp 4:expireTime:?Timestamp",
  AlertChannel: "1:id:string 2:console:?@ConsoleChannel 3:webhook:?@WebhookChannel 4:slack:?@SlackChannel 5:discord:?@DiscordChannel 6:template:?@TemplateChannel 7:telegram:?@TelegramChannel 8:email:?@EmailChannel 9:webPush:?@WebPushChannel 10:teams:?@TeamsChannel 11:pagerduty:?@PagerDutyChannel 12:opsgenie:?@OpsgenieChannel 13:ntfy:?@NtfyChannel 14:matrix:?@MatrixChannel 15:apprise:?@AppriseChannel 16:textTemplate:string",
  AlertEscalation: "1:after:?Duration 2:channelIds:*string",
  AlertGroup: "1:name:string 2:rule:string 3:label:string 4:asset:string 5:dislocatedVenue:string 6:reason:#AlertReason 7:members:*@Alert 8:memberCount:uint32 9:openCount:uint32 10:openTime:?Timestamp 11:closeTime:?Timestamp 12:duration:?Duration 13:peakNetPercent:double 14:paperProfit:double 15:paperCurrency:string 16:acknowledgement:?@AlertAcknowledgement 17:heldBack:string 18:revision:uint32 19:escalations:uint32 20:deliveries:*@Delivery",
  AlertGrouping: "1:by:*#AlertGroupBy 2:wait:?Duration 3:interval:?Duration 4:repeatInterval:?Duration 5:closeWait:?Duration",
  AlertMessage: "1:name:string 2:groupKey:string 3:revision:uint32 4:kind:#AlertMessageKind 5:rule:string 6:group:?@AlertGroup 7:alert:?@Alert 8:acknowledgeToken:string 9:createTime:?Timestamp",
  AlertMuteTime: "1:timeZone:string 2:weekdays:*int32 3:daysOfMonth:*int32 4:months:*int32 5:fromTime:string 6:toTime:string",
  AlertRow: "1:rule:string 2:opportunity:?@Opportunity 3:firedAt:double 4:deliveries:*@Delivery 5:name:string 6:closedAt:?double",
  AlertRule: "1:name:string 2:displayName:string 3:isEnabled:bool 4:trigger:#AlertTrigger 5:venues:*string 6:symbols:*string 7:assets:*string 8:minGrossPercent:?double 9:minNetPercent:?double 10:minNotional:?double 11:minLife:?Duration 12:cooldown:?Duration 13:channels:*@AlertChannel 14:etag:string 15:createTime:?Timestamp 16:updateTime:?Timestamp 17:grouping:?@AlertGrouping 18:muteTimes:*@AlertMuteTime 19:ignoredInhibitions:*#AlertInhibition 20:escalations:*@AlertEscalation 21:feed:?@FeedCondition 22:system:?@SystemCondition 23:marketMove:?@MarketMoveCondition 24:fundingSpread:?@FundingSpreadCondition 25:basis:?@BasisCondition 26:canary:?@CanaryCondition 40:minAliveProbability:?double 41:aliveAfter:?Duration 60:filter:?@OpportunityFilter",
  AlertTrouble: "1:reason:#AlertReason 2:venue:string 3:asset:string 4:part:string 5:detail:string 6:sinceTime:?Timestamp",
  ApiKey: "1:id:string 2:displayName:string 3:role:#Role 4:venues:*string 5:createTime:?Timestamp 6:expireTime:?Timestamp 7:lastUseTime:?Timestamp 8:revokeTime:?Timestamp 9:creator:string 10:methods:*string 11:networks:*string 12:dailyQuota:?int32 13:usedToday:int32",
  AppriseChannel: "1:url:string 2:tags:string",
  ArbitrageLeg: "1:exchange:string 2:symbol:string 3:price:double 4:size:double 5:takerFeePercent:double 6:quoteCurrency:string 7:ageMs:double",
  ArbitrageRow: "1:id:string 2:asset:string 3:symbol:string 4:profitPercent:double 5:grossPercent:double 6:buy:?@ArbitrageLeg 7:sell:?@ArbitrageLeg 8:costs:?@SpreadCosts 9:executableSize:double 10:executableNotional:double 11:openedAt:?double 12:peakProfitPercent:double 13:cooldown:?@CooldownState 14:conversion:?@Conversion",
  AssetOverview: "1:asset:string 2:bestBid:double 3:bestBidVenue:string 4:bestAsk:double 5:bestAskVenue:string 6:venues:*string 7:widestGrossPercent:double",
  AuditEntry: "1:id:int64 2:time:?Timestamp 3:principal:string 4:role:#Role 5:address:string 6:method:string 7:resource:string 8:outcome:string 9:requestId:string 10:request:string",
  BasisCondition: "1:minPercent:double",
  CanaryCondition: "1:interval:?Duration",
  CanaryStats: "1:rule:string 2:channelId:string 3:deliveryTime:?Timestamp 4:dueTime:?Timestamp",
  CheckAlertsRequest: "1:rule:string",
  CheckAlertsResponse: "1:rulesEvaluated:uint32 2:alerts:*@Alert 3:suppressed:uint32",
  ClientFrame: "1:subscribe:?@Subscribe 2:change:?@Subscribe 3:unsubscribe:?@Unsubscribe 4:pause:?@Pause 5:resume:?@Resume 6:renew:?@Renew",
  ConsoleChannel: "1:format:#ConsoleFormat",
  Conversion: "1:fromCurrency:string 2:toCurrency:string 3:rate:double 4:age:?Duration 5:isAssumed:bool",
  CooldownState: "1:isActive:bool 2:rule:string 3:remaining:?Duration 4:isKnown:bool",
  CountRowsRequest: "",
  CountRowsResponse: "1:venues:*@VenueRows",
  CreateAlertRuleRequest: "1:alertRuleId:string 2:alertRule:?@AlertRule",
  CreateAlertRuleResponse: "1:alertRule:?@AlertRule",
  CreateApiKeyRequest: "1:displayName:string 2:role:#Role 3:venues:*string 4:lifetime:?Duration 5:methods:*string 6:networks:*string 7:dailyQuota:int32",
  CreateApiKeyResponse: "1:key:?@ApiKey 2:secret:string",
  CreateSilenceRequest: "1:silence:?@Silence",
  CreateSilenceResponse: "1:silence:?@Silence",
  CreateUserRequest: "1:name:string 2:role:#Role 3:password:string",
  CreateUserResponse: "1:user:?@User",
  DeadLetterFilter: "1:rule:string 2:channelId:string 3:kind:string 4:reason:string 5:fromTime:?Timestamp 6:toTime:?Timestamp",
  DeadLetters: "1:kind:string 2:reason:string 3:count:uint64 4:firstFireTime:?Timestamp 5:lastFireTime:?Timestamp",
  DecideIdentityRequest: "1:name:string 2:state:#IdentityState 3:comment:string",
  DecideIdentityResponse: "1:finding:?@IdentityFinding",
  DeleteAlertRuleRequest: "1:name:string",
  DeleteAlertRuleResponse: "",
  DeleteUserRequest: "1:name:string",
  DeleteUserResponse: "",
  Delivery: "1:channelId:string 2:state:#DeliveryState 3:attempts:uint32 4:lastError:string 5:deliveryTime:?Timestamp",
  DepthBatch: "1:symbolIndex:*fixed32 2:readNs:*sfixed64 3:bids:*uint32 4:asks:*uint32 5:price:*double 6:size:*double",
  DiscordChannel: "1:url:string",
  EdgePoint: "1:after:?Duration 2:netPercent:double 3:executableNotional:double",
  EmailChannel: "1:host:string 2:port:uint32 3:security:#SmtpSecurity 4:username:string 5:password:string 6:sender:string 7:recipients:*string",
  ExchangeCodeRequest: "1:code:string",
  ExchangeCodeResponse: "1:session:?@SessionGrant",
  ExpireSilenceRequest: "1:name:string",
  ExpireSilenceResponse: "1:silence:?@Silence",
  ExplainAlertRequest: "1:opportunity:string 2:group:string 3:rule:string",
  ExplainAlertResponse: "1:isTold:bool 2:explanation:string 3:alert:?@Alert 4:group:?@AlertGroup 5:suppressions:*@Suppression",
  ExplainSpreadRequest: "1:asset:string 2:buyVenue:string 3:sellVenue:string 4:notionals:*double 60:holdingHorizon:?Duration",
  ExplainSpreadResponse: "1:opportunity:?@Opportunity 2:reason:#RefusalReason 3:explanation:string 4:buyAge:?Duration 5:sellAge:?Duration 6:identityFinding:string",
  ExportColumn: "1:name:string 2:type:string",
  ExportRequest: "1:dataset:string 2:fromTime:?Timestamp 3:toTime:?Timestamp",
  ExportResponse: "1:columns:*@ExportColumn 2:rows:bytes",
  FeedCondition: "1:venueStates:*#VenueState 4:maxClockOffsetMs:?double 5:maxDelayMs:?double 6:staleAfter:?Duration 7:maxResyncs:?uint32 8:resyncWithin:?Duration",
  FundingSpreadCondition: "1:minPercentPerHour:double",
  GatewayStats: "1:sockets:uint32 2:subscriptions:uint32 3:framesSent:uint64 4:bytesSent:uint64 5:stalledSockets:uint64 6:instruments:uint32 7:connected:bool",
  GetAggregatorStatsRequest: "",
  GetAggregatorStatsResponse: "1:streams:*@IngestStreamStats 2:snapshotsWritten:uint64 3:minutesWritten:uint64 4:incompleteSnapshots:uint64 5:quotesIngested:uint64 6:batchesRefused:uint64 7:subscribers:uint32 8:databaseAvailable:bool 9:shard:string 10:contestedSnapshots:uint64 11:batchTransitP50Us:double 12:batchTransitP99Us:double 13:windowUpdateP50Us:double 14:windowUpdateP99Us:double 15:lostWindows:uint64 16:maxWaitingWindows:uint32",
  GetAlertRuleRequest: "1:name:string",
  GetAlertRuleResponse: "1:alertRule:?@AlertRule",
  GetAlertStatsRequest: "",
  GetAlertStatsResponse: "1:fired:uint64 2:suppressed:uint64 3:delivered:uint64 4:failed:uint64 5:pending:uint64 6:cooldownAvailable:bool 7:databaseAvailable:bool 8:connected:bool 9:evaluated:uint64 10:ownedSlots:uint32 11:slots:uint32 12:arbitrageTarget:string 13:canaries:*@CanaryStats",
  GetArbitrageStatsRequest: "",
  GetArbitrageStatsResponse: "1:opened:uint64 2:closed:uint64 3:openNow:uint32 4:refusals:*@RefusalCount 5:quotesScanned:uint64 6:frameToOpportunityP50Us:double 7:frameToOpportunityP99Us:double 8:connected:bool 9:venues:*@VenueHealth",
  GetMarketOverviewRequest: "1:assets:*string",
  GetMarketOverviewResponse: "1:assets:*@AssetOverview",
  GetMeRequest: "",
  GetMeResponse: "1:principal:string 2:role:#Role 3:expireTime:?Timestamp 4:hasPasswords:bool 5:hasSignOn:bool",
  GetOpportunityStatisticsRequest: "1:venues:*string 2:assets:*string 3:fromTime:?Timestamp 4:toTime:?Timestamp 5:groupBy:*#LifeGrouping 6:latencies:*Duration 7:limit:int32",
  GetOpportunityStatisticsResponse: "1:rows:*@LifeStatistics",
  GetOrderBookRequest: "1:venue:string 2:symbol:string 3:depth:uint32",
  GetOrderBookResponse: "1:venue:string 2:symbol:string 3:state:#BookState 4:bids:*@PriceLevel 5:asks:*@PriceLevel 6:sequence:uint64",
  GetOverviewRequest: "1:venue:string 2:asset:*string",
  GetOverviewResponse: "1:assets:*@AssetOverview 2:count:int32 3:asOf:double",
  GetStatsRequest: "1:venue:string",
  GetStatsResponse: "1:isTracking:bool 2:markets:uint32 3:connected:bool 4:messagesReceived:double 5:lastMessageAt:?double 6:database:?@RowCounts 7:aggregator:?@AggregatorProgress 8:state:#VenueState 9:reason:string 10:since:?double 11:clockOffsetMs:?double 12:delayMs:?double 13:liveMarkets:uint32 14:asOf:double",
  GetSummaryRequest: "",
  GetSummaryResponse: "1:venues:%int32 2:instruments:int32 3:liveInstruments:int32 4:openOpportunities:int32 5:best:?@ArbitrageRow 6:alerts24h:int32 7:latencyP50Us:double 8:latencyP99Us:double 9:dataAgeMs:?double 10:venueHealth:*@VenueHealth 11:isSimulated:bool 12:asOf:double",
  GetTrackerStatsRequest: "1:venues:*string",
  GetTrackerStatsResponse: "1:venues:*@VenueStats 2:spoolFreePercent:?double",
  Heartbeat: "1:serverTimeMs:double 2:venueAgeMs:%double 3:lostShards:*string",
  HoldingCosts: "1:horizon:?Duration 2:buyFundingPercent:?double 3:sellFundingPercent:?double 4:buyPayments:uint32 5:sellPayments:uint32 6:netPercent:?double 7:unknown:*string 8:assumed:*string",
  IdentityFinding: "1:name:string 2:asset:string 3:first:?@IdentityMarket 4:second:?@IdentityMarket 5:differencePercent:double 6:sinceTime:?Timestamp 7:findTime:?Timestamp 8:state:#IdentityState 9:comment:string 10:decideTime:?Timestamp",
  IdentityMarket: "1:venue:string 2:symbol:string 3:mid:double",
  IngestFactsRequest: "1:venue:string 2:instruments:*@InstrumentFacts",
  IngestFactsResponse: "",
  IngestHello: "1:venue:string 2:streamId:string 3:oldestSequence:uint64 4:symbols:*@SymbolEntry 5:nextSequence:uint64 6:shard:string 7:leftSymbols:*uint32 8:rosterSequence:uint64 9:rosterNs:int64",
  IngestQuotesRequest: "1:hello:?@IngestHello 2:batch:?@QuoteBatch 3:health:?@VenueHealth 4:depth:?@DepthBatch",
  IngestQuotesResponse: "1:resume:?@ResumePoint 2:acknowledgement:?@Acknowledgement",
  IngestStreamStats: "1:venue:string 2:streamId:string 3:connected:bool 4:instruments:uint32 5:liveInstruments:uint32 6:receivedSequence:uint64 7:committedSequence:uint64 8:watermark:?Timestamp 9:health:?@VenueHealth 10:waitingWindows:uint32",
  Instrument: "1:venue:string 2:symbol:string 3:nativeSymbol:string 4:asset:string 5:assetScale:double 6:quoteCurrency:string 7:settleCurrency:string 8:contractSize:double 9:tickSize:double 10:lotSize:double 11:takerFeePercent:?double 12:makerFeePercent:?double 13:assetClass:#AssetClass",
  InstrumentFact: "1:kind:#FactKind 2:state:#FactState 3:value:?double 4:source:string 5:exchangeTime:?Timestamp 6:receiveTime:?Timestamp 7:reason:string",
  InstrumentFacts: "1:venue:string 2:symbol:string 3:asset:string 4:facts:*@InstrumentFact 5:isGone:bool",
  InstrumentFilter: "1:venues:*string 2:symbols:*string 3:assets:*string",
  InstrumentName: "1:venue:string 2:symbol:string",
  LaneStats: "1:shard:string 2:isConnected:bool 3:isLeaving:bool 4:problem:string 5:unacknowledgedBatches:uint64 6:droppedQuotes:uint64 7:bufferedBytes:uint64 8:bufferBytes:uint64",
  LatencyCapture: "1:latency:?Duration 2:aliveShare:double 3:meanNetPercent:double",
  Leg: "1:venue:string 2:symbol:string 3:price:double 4:size:double 5:takerFeePercent:double 6:quoteCurrency:string 7:receiveTime:?Timestamp 8:facts:?@LegFacts",
  LegDepth: "1:age:?Duration 2:levels:uint32 3:horizonPrice:double 4:knownSize:double 5:levelPrices:*double 6:levelSizes:*double",
  LegFacts: "1:status:#TradingStatus 2:minSize:?double 3:maxSize:?double 4:minNotional:?double 5:volume24h:?double 6:openInterest:?double 7:fundingRatePercent:?double 8:fundingInterval:?Duration 9:nextFundingTime:?Timestamp 10:isFundingContinuous:bool 11:age:?Duration 12:maxBuyPrice:?double 13:minSellPrice:?double 14:predictedFundingRatePercent:?double",
  LifeFeatures: "1:schema:fixed64 2:values:*double",
  LifeHorizon: "1:after:?Duration 2:aliveProbability:double 3:netPercent:double 4:capturePercent:double",
  LifePrediction: "1:model:string 2:unknown:string 3:horizons:*@LifeHorizon",
  LifeStatistics: "1:asset:string 2:buyVenue:string 3:sellVenue:string 4:hour:?Timestamp 5:count:int64 6:censoredCount:int64 7:medianLife:?Duration 8:meanOpeningNetPercent:double 9:peakNetPercent:double 10:captures:*@LatencyCapture",
  ListAlertGroupsRequest: "1:rule:string 2:openOnly:bool 3:assets:*string 4:venues:*string 5:pageSize:int32 6:pageToken:string",
  ListAlertGroupsResponse: "1:groups:*@AlertGroup 2:nextPageToken:string",
  ListAlertRowsRequest: "1:rule:string 2:symbol:string 3:venue:string 4:from:?double 5:to:?double 6:limit:int32 7:page_token:string",
  ListAlertRowsResponse: "1:alerts:*@AlertRow 2:count:int32 3:next_page_token:string",
  ListAlertRulesRequest: "1:pageSize:int32 2:pageToken:string",
  ListAlertRulesResponse: "1:alertRules:*@AlertRule 2:nextPageToken:string",
  ListAlertsRequest: "1:rule:string 2:assets:*string 3:venues:*string 4:fromTime:?Timestamp 5:toTime:?Timestamp 6:pageSize:int32 7:pageToken:string",
  ListAlertsResponse: "1:alerts:*@Alert 2:nextPageToken:string",
  ListApiKeysRequest: "",
  ListApiKeysResponse: "1:keys:*@ApiKey",
  ListArbitrageRequest: "1:symbol:string 2:minProfit:?double 3:minGross:?double 4:exchanges:*string 5:useMinutes:bool 6:source:#PriceSource 7:limit:int32",
  ListArbitrageResponse: "1:opportunities:*@ArbitrageRow 2:count:int32 3:asOf:double",
  ListAuditRequest: "1:principal:string 2:limit:int32 3:pageToken:string",
  ListAuditResponse: "1:entries:*@AuditEntry 2:nextPageToken:string",
  ListDeadLettersRequest: "1:filter:?@DeadLetterFilter",
  ListDeadLettersResponse: "1:deadLetters:*@DeadLetters",
  ListIdentityFindingsRequest: "1:states:*#IdentityState 2:assets:*string 3:pageSize:int32 4:pageToken:string",
  ListIdentityFindingsResponse: "1:findings:*@IdentityFinding 2:nextPageToken:string",
  ListInstrumentFactsRequest: "1:filter:?@InstrumentFilter 2:kinds:*#FactKind 3:pageSize:int32 4:pageToken:string",
  ListInstrumentFactsResponse: "1:instruments:*@InstrumentFacts 2:nextPageToken:string",
  ListLatestQuotesRequest: "1:filter:?@InstrumentFilter",
  ListLatestQuotesResponse: "1:quotes:*@Quote",
  ListLogRequest: "1:services:*string 2:minLevel:#LogLevel 3:contains:string 4:limit:int32",
  ListLogResponse: "1:lines:*@LogLine",
  ListMarketsRequest: "1:venues:*string",
  ListMarketsResponse: "1:instruments:*@Instrument 2:quarantined:*@QuarantinedMarket",
  ListMinuteRowsRequest: "1:venue:string 2:symbol:string 3:limit:int32 4:offset:int32 5:from:?double 6:to:?double 7:page_token:string",
  ListMinuteRowsResponse: "1:minutes:*@WindowRow 2:count:int32 3:next_page_token:string",
  ListMinutesRequest: "1:venues:*string 2:symbols:*string 3:fromTime:?Timestamp 4:toTime:?Timestamp 5:pageSize:int32 6:pageToken:string 7:isNewestFirst:bool",
  ListMinutesResponse: "1:minutes:*@WindowStats 2:nextPageToken:string",
  ListOpportunitiesRequest: "1:venues:*string 2:symbols:*string 3:assets:*string 4:minGrossPercent:?double 5:minNetPercent:?double 6:priceSource:#PriceSource 7:limit:int32 8:notionals:*double 60:filter:?@OpportunityFilter 61:holdingHorizon:?Duration",
  ListOpportunitiesResponse: "1:opportunities:*@Opportunity",
  ListOpportunityHistoryRequest: "1:venues:*string 2:assets:*string 3:fromTime:?Timestamp 4:toTime:?Timestamp 5:minPeakNetPercent:?double 6:minDuration:?Duration 7:closeReasons:*#RefusalReason 8:pageSize:int32 9:pageToken:string",
  ListOpportunityHistoryResponse: "1:lives:*@OpportunityLife 2:nextPageToken:string",
  ListPricesRequest: "1:symbol:string 2:asset:*string 3:venue:*string 4:state:#BookState 5:limit:int32",
  ListPricesResponse: "1:prices:*@PriceRow 2:count:int32 3:asOf:double",
  ListProcessesRequest: "",
  ListProcessesResponse: "1:processes:*@Process 2:asOf:double",
  ListSessionsRequest: "",
  ListSessionsResponse: "1:sessions:*@Session",
  ListSilencesRequest: "1:includeExpired:bool",
  ListSilencesResponse: "1:silences:*@Silence",
  ListSnapshotRowsRequest: "1:venue:string 2:symbol:string 3:limit:int32 4:offset:int32 5:from:?double 6:to:?double 7:page_token:string",
  ListSnapshotRowsResponse: "1:snapshots:*@WindowRow 2:count:int32 3:next_page_token:string",
  ListSnapshotsRequest: "1:venues:*string 2:symbols:*string 3:fromTime:?Timestamp 4:toTime:?Timestamp 5:pageSize:int32 6:pageToken:string 7:isNewestFirst:bool",
  ListSnapshotsResponse: "1:snapshots:*@WindowStats 2:nextPageToken:string",
  ListSuppressionsRequest: "1:reasons:*#SuppressionReason 2:rule:string 3:assets:*string 4:pageSize:int32 5:pageToken:string",
  ListSuppressionsResponse: "1:suppressions:*@Suppression 2:nextPageToken:string",
  ListUsersRequest: "",
  ListUsersResponse: "1:users:*@User",
  ListVenueMarketsRequest: "1:venue:string 2:symbol:string 3:active:?bool 4:limit:int32",
  ListVenueMarketsResponse: "1:markets:*@MarketRow 2:count:int32",
  LogLine: "1:process:string 2:level:#LogLevel 3:event:string 4:fields:%string 5:time:?Timestamp",
  LoginRequest: "1:name:string 2:password:string",
  LoginResponse: "1:session:?@SessionGrant",
  LogoutRequest: "1:refreshToken:string",
  LogoutResponse: "",
  MarketMoveCondition: "1:minPercent:double 2:within:?Duration",
  MarketRow: "1:market_index:?double 2:symbol:string 3:active:bool 4:venue:string 5:asset:string 6:native_symbol:string 7:tick_size:double 8:taker_fee_percent:?double 9:maker_fee_percent:?double 10:state:#BookState 11:quote_currency:string 12:asset_scale:double",
  MatrixChannel: "1:url:string 2:roomId:string 3:accessToken:string",
  NtfyChannel: "1:topic:string 2:url:string 3:token:string 4:priority:int32",
  Opportunity: "1:id:string 2:asset:string 3:buy:?@Leg 4:sell:?@Leg 5:costs:?@SpreadCosts 6:executableSize:double 7:executableNotional:double 8:openTime:?Timestamp 9:peakNetPercent:double 10:cooldown:?@CooldownState 11:conversion:?@Conversion 12:isDepegged:bool 13:sizing:?@Sizing 14:dislocatedVenue:string 15:dislocationPercent:double 40:sanity:?@Sanity 41:life:?@LifePrediction 60:holding:?@HoldingCosts",
  OpportunityEvent: "1:kind:#OpportunityEventKind 2:opportunity:?@Opportunity 3:closeReason:#RefusalReason 4:duration:?Duration 5:eventTime:?Timestamp 6:causeTime:?Timestamp 7:resumeToken:string 40:lifeFeatures:?@LifeFeatures",
  OpportunityFilter: "1:minVolume24h:?double 2:minOpenInterest:?double 3:minLife:?Duration 4:noFundingWithin:?Duration 5:excludedVenues:*string 6:excludedAssets:*string 7:passesUnknown:bool 8:minSizedNotional:?double 9:minProfit:?double 10:minDepth:?double 11:depthWithinBps:double 12:minHeldNetPercent:?double",
  OpportunityLife: "1:id:string 2:asset:string 3:buyVenue:string 4:buySymbol:string 5:sellVenue:string 6:sellSymbol:string 7:quoteCurrency:string 8:openTime:?Timestamp 9:publishTime:?Timestamp 10:closeTime:?Timestamp 11:duration:?Duration 12:closeReason:#RefusalReason 13:isCensored:bool 14:openingGrossPercent:double 15:openingNetPercent:double 16:peakNetPercent:double 17:peakTime:?Timestamp 18:lastNetPercent:double 19:openingSize:double 20:openingNotional:double 21:peakNotional:double 22:path:*@EdgePoint 23:events:int32",
  OpsgenieChannel: "1:apiKey:string 2:url:string 3:priority:string 4:tags:*string",
  PagerDutyChannel: "1:routingKey:string 2:url:string 3:severity:string",
  Pause: "",
  PriceLevel: "1:price:double 2:size:double",
  PriceRow: "1:symbol:string 2:asset:string 3:exchange:string 4:bid:?double 5:bidSize:?double 6:ask:?double 7:askSize:?double 8:spread:?double 9:state:#BookState 10:timestamp:double 11:ageMs:double",
  Problem: "1:code:string 2:message:string",
  Process: "1:service:string 2:target:string 3:isReachable:bool 4:isServing:bool 5:problem:string 6:tracker:?@GetTrackerStatsResponse 7:aggregator:?@GetAggregatorStatsResponse 8:arbitrage:?@GetArbitrageStatsResponse 9:alerts:?@GetAlertStatsResponse 10:gateway:?@GatewayStats",
  QuarantinedMarket: "1:venue:string 2:nativeSymbol:string 3:reason:string",
  Quote: "1:venue:string 2:symbol:string 3:asset:string 4:bid:double 5:bidSize:double 6:ask:double 7:askSize:double 8:state:#BookState 9:exchangeTime:?Timestamp 10:receiveTime:?Timestamp 11:assetClass:#AssetClass",
  QuoteBatch: "1:venue:string 2:streamId:string 3:sequence:uint64 4:watermarkNs:int64 5:symbols:*@SymbolEntry 6:symbolIndex:*fixed32 7:receiveNs:*sfixed64 8:exchangeNs:*sfixed64 9:bid:*double 10:bidSize:*double 11:ask:*double 12:askSize:*double 13:state:bytes 14:isCarried:bool 15:leftSymbols:*uint32 16:isRoster:bool 17:rosterSymbols:*uint32 18:unheardFromNs:int64",
  RedriveDeliveriesRequest: "1:alert:string 2:filter:?@DeadLetterFilter",
  RedriveDeliveriesResponse: "1:redriven:uint32",
  RefreshSessionRequest: "1:refreshToken:string",
  RefreshSessionResponse: "1:session:?@SessionGrant",
  RefusalCount: "1:reason:#RefusalReason 2:count:uint64",
  ReloadProcessesRequest: "1:services:*string",
  ReloadProcessesResponse: "1:processes:*@ReloadedProcess",
  ReloadRequest: "",
  ReloadResponse: "1:reloaded:*string",
  ReloadedProcess: "1:service:string 2:target:string 3:reloaded:*string 4:problem:string",
  Renew: "1:accessToken:string",
  Resume: "",
  ResumePoint: "1:nextSequence:uint64 2:areQuotesMissing:bool 3:takesDepth:bool",
  RevokeApiKeyRequest: "1:id:string",
  RevokeApiKeyResponse: "",
  RevokeSessionRequest: "1:id:string",
  RevokeSessionResponse: "",
  RowCounts: "1:snapshots:double 2:minutes:double",
  Sanity: "1:score:double 2:venues:int32 3:buyOutlierPercent:?double 4:sellOutlierPercent:?double 5:gapPercent:double 6:meanGapPercent:?double 7:gapDeviationPercent:?double 8:gapZ:?double",
  ServerFrame: "1:subscription:uint32 2:sequence:uint64 3:isSnapshot:bool 4:isLast:bool 5:resumeToken:string 6:dropped:uint64 10:welcome:?@Welcome 11:heartbeat:?@Heartbeat 12:problem:?@Problem 13:quotes:?@SubscribeQuoteBatchesResponse 14:opportunities:?@WatchOpportunitiesResponse 15:alert:?@WatchAlertsResponse 16:health:?@VenuesHealth 17:log:?@WatchLogResponse 18:summary:?@GetSummaryResponse 19:subscribed:?@Subscribed",
  Session: "1:id:string 2:principal:string 3:role:#Role 4:createTime:?Timestamp 5:refreshTime:?Timestamp 6:expireTime:?Timestamp 7:address:string",
  SessionGrant: "1:accessToken:string 2:expiresIn:?Duration 3:role:#Role 4:principal:string 5:refreshToken:string",
  Silence: "1:name:string 2:assets:*string 3:venues:*string 4:rules:*string 5:reasons:*#AlertReason 6:fromTime:?Timestamp 7:toTime:?Timestamp 8:author:string 9:comment:string 10:isMaintenance:bool 11:createTime:?Timestamp 12:isActive:bool",
  SizedEdge: "1:size:double 2:buyNotional:double 3:sellNotional:double 4:netPercent:double 5:profit:double 6:refusal:#RefusalReason 7:requestedNotional:double",
  Sizing: "1:unknownReason:#RefusalReason 2:largest:?@SizedEdge 3:thresholdPercent:double 4:mostProfitable:?@SizedEdge 5:requested:*@SizedEdge 6:isLimitedByDepth:bool 7:commonLot:double 8:buy:?@LegDepth 9:sell:?@LegDepth 10:unknownLimits:*string 11:assumed:*string",
  SlackChannel: "1:url:string",
  SpreadCosts: "1:grossPercent:double 2:entryFeesPercent:double 3:exitFeesPercent:double 4:netPercent:double",
  StartTrackingRequest: "1:venue:string 2:symbols:*string 3:assets:*string",
  StartTrackingResponse: "1:started:*@Instrument",
  StopTrackingRequest: "1:venue:string 2:symbols:*string",
  StopTrackingResponse: "1:stopped:*string",
  Subscribe: "1:id:uint32 2:channel:#Channel 3:filter:?@InstrumentFilter 4:instruments:*@InstrumentName 5:maxHz:double 6:resumeToken:string 7:minNetPercent:?double 8:log:?@WatchLogRequest 60:opportunityFilter:?@OpportunityFilter",
  SubscribeQuoteBatchesRequest: "1:filter:?@InstrumentFilter 2:minInterval:?Duration 3:withDepth:bool",
  SubscribeQuoteBatchesResponse: "1:batch:?@QuoteBatch 2:conflatedQuotes:uint64 3:depth:?@DepthBatch",
  Subscribed: "1:channel:#Channel 2:maxHz:double",
  Suppression: "1:reason:#SuppressionReason 2:rule:string 3:cause:string 4:group:string 5:asset:string 6:venues:*string 7:detail:string 8:by:string 9:firstTime:?Timestamp 10:lastTime:?Timestamp 11:count:uint64",
  SymbolEntry: "1:index:uint32 2:instrument:?@Instrument",
  SystemCondition: "2:minFreeDiskPercent:?double 3:maxBufferPercent:?double",
  TeamsChannel: "1:url:string",
  TelegramChannel: "1:botToken:string 2:chatId:string 3:messageThreadId:int64 4:url:string",
  TemplateChannel: "1:url:string 2:template:string 3:headers:%string 4:expectedAnswer:string",
  TestAlertChannelRequest: "1:channel:?@AlertChannel 2:alertRule:?@AlertRule",
  TestAlertChannelResponse: "1:isDelivered:bool 2:httpStatus:int32 3:error:string",
  Unsubscribe: "1:id:uint32",
  UpdateAlertRuleRequest: "1:alertRule:?@AlertRule 2:updateMask:?json",
  UpdateAlertRuleResponse: "1:alertRule:?@AlertRule",
  UpdateUserRequest: "1:name:string 2:role:#Role 3:password:string",
  UpdateUserResponse: "1:user:?@User",
  User: "1:name:string 2:role:#Role 3:createTime:?Timestamp",
  VenueHealth: "1:venue:string 2:state:#VenueState 3:reason:string 4:sinceTime:?Timestamp 5:clockOffsetMs:?double 6:delayMs:?double",
  VenueRows: "1:venue:string 2:snapshots:uint64 3:minutes:uint64",
  VenueStats: "1:venue:string 2:state:#VenueState 3:reason:string 4:connected:bool 5:markets:uint32 6:liveMarkets:uint32 7:messagesReceived:uint64 8:quotesEmitted:uint64 9:lastMessageTime:?Timestamp 10:gaps:uint64 11:resyncs:uint64 12:parseErrors:uint64 13:reconnects:uint64 14:droppedQuotes:uint64 15:unacknowledgedBatches:uint64 16:frameToQuoteP50Us:double 17:confirmed:uint64 18:frozen:uint64 19:stateTransitions:uint64 20:listingsRefused:uint64 21:clockOffsetMs:?double 22:delayMs:?double 23:lanes:*@LaneStats 24:factAnswers:uint64 25:factFailures:uint64 26:factsRefused:uint64",
  VenuesHealth: "1:venues:*@VenueHealth",
  WatchAlertsRequest: "1:rule:string",
  WatchAlertsResponse: "1:alert:?@Alert 2:droppedAlerts:uint64",
  WatchInstrumentFactsRequest: "1:filter:?@InstrumentFilter 2:kinds:*#FactKind",
  WatchInstrumentFactsResponse: "1:instruments:*@InstrumentFacts 2:isComplete:bool",
  WatchLogRequest: "1:minLevel:#LogLevel 2:contains:string 3:lines:int32 4:isBounded:bool",
  WatchLogResponse: "1:lines:*@LogLine 2:droppedLines:uint64",
  WatchOpportunitiesRequest: "1:venues:*string 2:assets:*string 3:minNetPercent:?double 4:resumeToken:string 5:symbols:*string 60:filter:?@OpportunityFilter",
  WatchOpportunitiesResponse: "1:events:*@OpportunityEvent 2:droppedEvents:uint64 3:isCaughtUp:bool",
  WatchQuotesRequest: "1:filter:?@InstrumentFilter 2:minInterval:?Duration",
  WatchQuotesResponse: "1:quote:?@Quote 2:conflatedQuotes:uint64",
  WebPushChannel: "1:url:string 2:p256dh:string 3:auth:string 4:vapidPrivateKey:string 5:vapidSubject:string",
  WebhookChannel: "1:url:string 2:secrets:*string",
  Welcome: "1:epoch:string 2:serverTimeMs:double 3:role:#Role 4:principal:string 5:expiresAtMs:?double 6:maxSubscriptions:uint32 7:maxInstruments:uint32 8:isSimulated:bool",
  WindowRow: "1:symbol:string 2:timestamp:double 3:avg_bid:?double 4:avg_ask:?double 5:avg_spread:?double 6:tick_count:double 7:venue:string 8:min_bid:?double 9:max_bid:?double 10:min_ask:?double 11:max_ask:?double 12:time_weighted_bid:?double 13:time_weighted_ask:?double 14:coverage:double 15:is_complete:bool 16:duration:double",
  WindowStats: "1:venue:string 2:symbol:string 3:startTime:?Timestamp 4:endTime:?Timestamp 5:avgBid:?double 6:minBid:?double 7:maxBid:?double 8:avgAsk:?double 9:minAsk:?double 10:maxAsk:?double 11:avgSpread:?double 12:timeWeightedBid:?double 13:timeWeightedAsk:?double 14:tickCount:uint64 15:coverage:double 16:isComplete:bool 17:lastQuote:?@Quote 18:windows:uint32",
};

export type MessageName = keyof typeof TABLE;

export const ENUMS: Record<string, [string, Record<number, string>]> = {
  AlertGroupBy: ["ALERT_GROUP_BY_", AlertGroupBy],
  AlertInhibition: ["ALERT_INHIBITION_", AlertInhibition],
  AlertMessageKind: ["ALERT_MESSAGE_KIND_", AlertMessageKind],
  AlertReason: ["ALERT_REASON_", AlertReason],
  AlertTrigger: ["ALERT_TRIGGER_", AlertTrigger],
  AssetClass: ["ASSET_CLASS_", AssetClass],
  BookState: ["BOOK_STATE_", BookState],
  Channel: ["CHANNEL_", Channel],
  ConsoleFormat: ["CONSOLE_FORMAT_", ConsoleFormat],
  DeliveryState: ["DELIVERY_STATE_", DeliveryState],
  FactKind: ["FACT_KIND_", FactKind],
  FactState: ["FACT_STATE_", FactState],
  FundingAccrual: ["FUNDING_ACCRUAL_", FundingAccrual],
  IdentityState: ["IDENTITY_STATE_", IdentityState],
  LifeGrouping: ["LIFE_GROUPING_", LifeGrouping],
  LogLevel: ["LOG_LEVEL_", LogLevel],
  OpportunityEventKind: ["OPPORTUNITY_EVENT_KIND_", OpportunityEventKind],
  PriceSource: ["PRICE_SOURCE_", PriceSource],
  RefusalReason: ["REFUSAL_REASON_", RefusalReason],
  Role: ["ROLE_", Role],
  SmtpSecurity: ["SMTP_SECURITY_", SmtpSecurity],
  SuppressionReason: ["SUPPRESSION_REASON_", SuppressionReason],
  TradingStatus: ["TRADING_STATUS_", TradingStatus],
  VenueState: ["VENUE_STATE_", VenueState],
};
