-- Health of an Application, as siteplan needs it: a parent's sync waits for a wave until every Application of the wave is Synced and
-- Healthy at the very revision and source that it asks for now. Uses no library, because Argo CD offers none by default.
local function waiting(message)
  return { status = "Progressing", message = message }
end

local status = obj.status or {}
local sync = status.sync or {}
local health = status.health or {}
local running = status.operationState or {}

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

if obj.operation ~= nil or running.phase == "Running" or running.phase == "Terminating" then
  return waiting("a sync is under way")
end
if sync.status ~= "Synced" then
  return waiting("not Synced")
end

-- Hooks have no health of their own: where one failed, the sync of this revision did.
local failed = running.phase == "Failed" or running.phase == "Error"
if failed and (running.syncResult or {}).revision == sync.revision then
  return { status = "Degraded", message = running.message or "the last sync failed" }
end
return { status = health.status, message = health.message or "" }
