{{/* A pod of a service. Call with root, name, and for a tracker its group. */}}

{{- define "crossbook.pod" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $own := index $root.Values $name -}}
{{- $row := index ($root.Files.Get "files/services.json" | fromJson) $name -}}
{{- $group := .group | default dict -}}
{{- $hasShards := has "aggregator" $row.dials -}}
metadata:
  labels:
    {{- include "crossbook.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $name }}
    {{- with $group.name }}
    crossbook-group: {{ . }}
    {{- end }}
    {{- with $own.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- $annotations := deepCopy $own.podAnnotations }}
  {{- if and $hasShards $root.Values.aggregator.restartOnNewShards }}
  {{- $annotations = set $annotations "checksum/shards" (include "crossbook.shards" $root | sha256sum) }}
  {{- end }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ $root.Values.serviceAccount.name | default (include "crossbook.fullname" $root) }}
  automountServiceAccountToken: false
  enableServiceLinks: false # its variables begin with CROSSBOOK_ too, and the program refuses what it does not know
  terminationGracePeriodSeconds: {{ $own.terminationGracePeriodSeconds }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.priorityClassName | default $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $own.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $own.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.topologySpread }}
  topologySpreadConstraints:
    {{- range . }}
    - maxSkew: 1
      topologyKey: {{ .topologyKey }}
      whenUnsatisfiable: {{ .whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "crossbook.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $name }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- include "crossbook.podSecurity" $root | nindent 4 }}
  containers:
    - name: {{ $name }}
      image: {{ include "crossbook.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ $name }}]
      env:
        {{- include "crossbook.env" . | nindent 8 }}
      {{- with $own.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: grpc
          containerPort: {{ $row.port }}
        - name: metrics
          containerPort: {{ $row.metricsPort }}
      # "live" is answered by the process alone; the whole, "", is NOT_SERVING while Postgres or another service is away.
      startupProbe:
        grpc: {port: {{ $row.port }}, service: live}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        grpc: {port: {{ $row.port }}, service: live}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        grpc: {port: {{ $row.port }}}
        periodSeconds: 5
        timeoutSeconds: 3
      {{- if $own.preStopSeconds }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ $own.preStopSeconds }}}
      {{- end }}
      resources:
        {{- toYaml ($group.resources | default $own.resources) | nindent 8 }}
      securityContext:
        {{- include "crossbook.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if $hasShards }}
        - {name: shards, mountPath: /etc/crossbook, readOnly: true}
        {{- end }}
        {{- if eq $name "tracker" }}
        - {name: spool, mountPath: /var/lib/crossbook}
        {{- end }}
        {{- with $own.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if $hasShards }}
    - name: shards
      configMap: {name: {{ include "crossbook.fullname" $root }}-shards}
    {{- end }}
    {{- if and (eq $name "tracker") (not $own.spool.persistent) }}
    - name: spool
      emptyDir: {sizeLimit: {{ $own.spool.size }}}
    {{- end }}
    {{- with $own.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Its settings: what all are told, its ports, the servers that it needs, where those are that it dials, and the user's. */}}
{{- define "crossbook.env" -}}
{{- $root := .root -}}
{{- $name := .name -}}
{{- $own := index $root.Values $name -}}
{{- $row := index ($root.Files.Get "files/services.json" | fromJson) $name -}}
{{- $prefix := printf "CROSSBOOK_%s__" (upper $name) -}}
{{ include "crossbook.commonEnv" $root }}
- name: {{ $prefix }}PORT
  value: {{ $row.port | int | quote }}
- name: {{ $prefix }}METRICS_PORT
  value: {{ $row.metricsPort | int | quote }}
{{- range $row.needs }}
{{ include "crossbook.serverEnv" (dict "root" $root "need" .) }}
{{- end }}
{{- if has "aggregator" $row.dials }}
- name: {{ $prefix }}SHARDS_FILE
  value: /etc/crossbook/shards.json
{{- end }}
{{- if has "arbitrage" $row.dials }}
{{- $targets := list }}
{{- range $index := until (int $root.Values.arbitrage.replicas) }}
{{- $targets = append $targets (include "crossbook.target" (dict "root" $root "name" "arbitrage" "index" $index)) }}
{{- end }}
- name: {{ $prefix }}ARBITRAGE_TARGETS
  value: {{ join "," $targets }}
{{- end }}
{{- if has "tracker" $row.dials }}
{{- $targets := list }}
{{- range $root.Values.tracker.groups }}
{{- $targets = append $targets (include "crossbook.target" (dict "root" $root "name" (printf "tracker-%s" .name) "index" 0 "service" "tracker")) }}
{{- end }}
- name: {{ $prefix }}TRACKER_TARGETS
  value: {{ join "," $targets }}
{{- end }}
{{- if eq $name "aggregator" }}
- name: POD_INDEX
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['apps.kubernetes.io/pod-index']
- name: {{ $prefix }}SHARD
  value: shard-$(POD_INDEX)
{{- end }}
{{- if eq $name "tracker" }}
- name: {{ $prefix }}VENUES
  value: {{ join "," .group.venues | quote }}
- name: {{ $prefix }}SPOOL_DIR
  value: /var/lib/crossbook/spool
{{- end }}
{{- range $key, $value := $own.settings }}
- name: {{ $prefix }}{{ upper $key }}
  value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- with concat $root.Values.extraEnv $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
