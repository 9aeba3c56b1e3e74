{{/* Names, labels and what all pods share. Lookups of services go through files/services.json, made from the services' own table. */}}

{{/* 28 characters, and 12 of a group: a StatefulSet's name is at most 52, for Kubernetes makes a label of it and a hash. */}}
{{- define "crossbook.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $default := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $default | trunc 28 | trimSuffix "-" -}}
{{- end }}

{{- define "crossbook.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "crossbook.labels" -}}
{{ include "crossbook.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "crossbook.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{/* Deployments are those whose pods nobody names; the others are StatefulSets. */}}
{{- define "crossbook.isDeployment" -}}
{{- if not (has . (list "tracker" "aggregator" "arbitrage")) }}true{{ end -}}
{{- end }}

{{/* What pods of a service may ask for, checked: aggregators are as many as are listed, or more while one is emptied. */}}
{{- define "crossbook.replicas" -}}
{{- $own := index .root.Values .name -}}
{{- if eq .name "tracker" -}}1
{{- else if eq .name "aggregator" -}}
{{- $pods := $own.replicas | default $own.shards | int -}}
{{- if lt $pods (int $own.shards) }}{{ fail "aggregator.replicas: fewer pods than aggregator.shards lists" }}{{ end -}}
{{ $pods }}
{{- else }}{{ $own.replicas | int }}{{ end -}}
{{- end }}

{{/* host:port of one pod of a StatefulSet; call with root, name, index, and service where it has another name. */}}
{{- define "crossbook.target" -}}
{{- $full := include "crossbook.fullname" .root -}}
{{- $service := .service | default .name -}}
{{- $port := (index (.root.Files.Get "files/services.json" | fromJson) $service).port | int -}}
{{ printf "%s-%s-%d.%s-%s-pods.%s.svc.%s:%d" $full .name (int .index) $full $service .root.Release.Namespace .root.Values.clusterDomain $port }}
{{- end }}

{{- define "crossbook.shards" -}}
{{- $shards := dict -}}
{{- range $index := until (int .Values.aggregator.shards) -}}
{{- $_ := set $shards (printf "shard-%d" $index) (include "crossbook.target" (dict "root" $ "name" "aggregator" "index" $index)) -}}
{{- end -}}
{{ toJson $shards }}
{{- end }}

{{- define "crossbook.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "crossbook.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What a process is told whatever it is. */}}
{{- define "crossbook.commonEnv" -}}
- name: CROSSBOOK_HOST
  value: {{ .Values.host | quote }}
- name: CROSSBOOK_ALLOW_OPEN
  value: "true"
- name: CROSSBOOK_LOG_FORMAT
  value: json
- name: CROSSBOOK_LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- end }}

{{/* The address of a server, from a Secret that is there already; call with root, need. */}}
{{- define "crossbook.serverEnv" -}}
{{- $names := dict "postgres" "CROSSBOOK_POSTGRES_DSN" "redis" "CROSSBOOK_REDIS_URL" -}}
- name: {{ index $names .need }}
  valueFrom:
    secretKeyRef:
      name: {{ (index .root.Values .need).existingSecret }}
      key: {{ (index .root.Values .need).key }}
{{- end }}
