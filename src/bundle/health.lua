-- Health of an Application, as siteplan needs it: a parent's sync waits for a wave until every Application of the wave is Synced and
-- Healthy at the very revision and source that it asks for now.
--
-- While a parent waits it looks at no newer commit. So whatever may never end without one is Degraded: that ends the parent's sync, and
-- its next attempt takes the newest commit. Uses no library but `os`, because Argo CD offers no other.
local os = require("os")

local PATIENCE_SECONDS = 1800

local function waiting(message)
  return { status = "Progressing", message = message }
end

local annotations = (obj.metadata or {}).annotations or {}
local holds_up = annotations["siteplan.dev/when-failed"] ~= "go-on"

local function failed(message)
  return { status = holds_up and "Degraded" or "Healthy", message = message }
end

-- Times in RFC 3339 and UTC sort as they follow each other.
local function is_long_ago(time)
  return time ~= nil and time < os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - PATIENCE_SECONDS)
end

local status = obj.status or {}
local sync = status.sync or {}
local health = status.health or {}
local last = status.operationState or {}

for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "ComparisonError" or condition.type == "InvalidSpecError" then
    return failed(condition.type .. ": " .. (condition.message or ""))
  end
end

if health.status == nil or sync.status == nil then
  return waiting("not looked at yet")
end

-- A status that was written for an older specification says nothing about this one.
local wanted = obj.spec.source
if wanted ~= nil then
  local compared = (sync.comparedTo or {}).source or {}
  local same = compared.repoURL == wanted.repoURL
    and compared.path == wanted.path
    and compared.chart == wanted.chart
    and (compared.targetRevision or "HEAD") == (wanted.targetRevision or "HEAD")
  if not same then
    return waiting("the status is that of an older source")
  end
  -- A commit is 40 hexadecimal digits; names of branches begin with `refs/`, which sorts after them.
  local revision = wanted.targetRevision or ""
  if #revision == 40 and revision < "g" and sync.revision ~= revision then
    return waiting("not compared with commit " .. revision .. " yet")
  end
end

-- Somebody is asked before something is pruned. That comes last: all else of it is as git says, and nobody else waits for the answer.
-- Strings are compared because Argo CD offers no functions for them.
local is_running = last.phase == "Running" or last.phase == "Terminating"
local message = last.message or ""
if is_running and message >= "Waiting for pruning confirmation" and message < "Waiting for pruning confirmatioo" then
  return { status = "Healthy", message = message }
end

-- An operation that is called running and has an end is one that failed and will be tried again.
if is_running and last.finishedAt ~= nil then
  return failed(last.message or "a sync failed and will be tried again")
end
if is_running and is_long_ago(last.startedAt) then
  return failed("a sync has been under way for more than half an hour: " .. (last.message or ""))
end
if obj.operation ~= nil or is_running then
  return waiting("a sync is under way")
end

-- Hooks have no health of their own: where one failed, the sync of this revision did.
local result = last.syncResult or {}
local has_failed = last.phase == "Failed" or last.phase == "Error"
if has_failed and (sync.status ~= "Synced" or result.revision == sync.revision) then
  return failed(last.message or "the last sync failed")
end

if sync.status ~= "Synced" then
  -- Only a comparison that is younger than the sync says what the sync left.
  local is_compared_since = status.reconciledAt ~= nil and last.finishedAt ~= nil and status.reconciledAt > last.finishedAt
  if sync.status == "OutOfSync" and last.phase == "Succeeded" and result.revision == sync.revision and is_compared_since then
    return failed("differs from git after its sync: somebody changes back what git says")
  end
  return waiting("not Synced")
end

-- What somebody has stopped is as it was left.
if health.status == "Suspended" then
  return { status = "Healthy", message = "Suspended" }
end
if health.status ~= "Healthy" and is_long_ago(health.lastTransitionTime) then
  return failed(health.status .. " for more than half an hour")
end
if health.status == "Degraded" or health.status == "Missing" then
  return failed(health.message or health.status)
end
return { status = health.status, message = health.message or "" }
