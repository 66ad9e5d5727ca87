extension SettingsSchema {
    /// Keys at the top: the fields of ``WorkflowConfiguration``.
    static let workflow: [Setting] = [
        Setting(
            "retries", SettingType(.integer(0...Int.max)), .integer(0),
            "Further attempts after an error of the task itself."
        ) { value, configuration in
            if case .integer(let count) = value { configuration.retries = count }
        },
        Setting(
            "lostRetries", SettingType(.integer(0...Int.max)), .integer(1),
            "Further attempts after the loss of the process that ran the task."
        ) { value, configuration in
            if case .integer(let count) = value { configuration.lostRetries = count }
        },
        Setting(
            "maxUnfinishedTasks", SettingType(words: ["unlimited"], .integer(1...Int.max)), .word("unlimited"),
            "How many unfinished calls an executor may have; `submit` waits for room, a plain call beyond it fails."
        ) { value, configuration in
            if case .integer(let count) = value {
                configuration.maxUnfinishedTasks = count
            } else {
                configuration.maxUnfinishedTasks = nil
            }
        },
        Setting(
            "exitMode", SettingType(words: ["wait", "cancel", "skip"]), .word("wait"),
            "What happens to calls that have not ended when the workflow's body returns."
        ) { value, configuration in
            switch value {
            case .word("cancel"): configuration.exitMode = .cancel
            case .word("skip"): configuration.exitMode = .skip
            default: configuration.exitMode = .wait
            }
        },
        Setting(
            "onInterrupt", SettingType(words: ["cancel", "drain"]), .word("cancel"),
            "Whether calls that run are stopped or awaited when the program is interrupted (Ctrl-C, SIGTERM)."
        ) { value, configuration in
            configuration.onInterrupt = value == .word("drain") ? .drain : .cancel
        },
        Setting(
            "checkpoint",
            SettingType(words: ["never", "taskExit", "atExit", "manual"], .duration(atLeast: .milliseconds(10))),
            .word("never"),
            "When results of cached apps are written down; a duration writes all new ones that often."
        ) { value, configuration in
            switch value {
            case .word("never"): configuration.checkpoint = .never
            case .word("taskExit"): configuration.checkpoint = .taskExit
            case .word("atExit"): configuration.checkpoint = .atExit
            case .word("manual"): configuration.checkpoint = .manual
            case .duration(let period): configuration.checkpoint = .periodic(period)
            default: break
            }
        },
        Setting(
            "checkpointLoading", SettingType(words: ["automatic", "none", "latest", "all"], .readableFiles),
            .word("automatic"),
            "Which results of earlier runs are used; `automatic` is `all` when `checkpoint` is set, else `none`."
        ) { value, configuration in
            switch value {
            case .word("automatic"): configuration.checkpointLoading = nil
            case .word("none"): configuration.checkpointLoading = WorkflowConfiguration.CheckpointLoading.none
            case .word("latest"): configuration.checkpointLoading = .latest
            case .word("all"): configuration.checkpointLoading = .all
            case .list(let paths): configuration.checkpointLoading = .files(paths)
            default: break
            }
        },
        Setting(
            "strictCache", SettingType(.boolean), .boolean(false),
            "Whether results are used again only by the very build of the program that made them."
        ) { value, configuration in
            if case .boolean(let flag) = value { configuration.strictCache = flag }
        },
        Setting(
            "monitoring", SettingType(words: ["off"], .writableFile), .word("off"),
            "Where monitoring records go: nowhere, or into a file, one JSON object a line."
        ) { value, configuration in
            switch value {
            case .word("off"): configuration.monitoring = .off
            case .text(let path): configuration.monitoring = .file(path)
            default: break
            }
        },
        Setting(
            "runDirectory", SettingType(.directory), .text("runinfo"),
            "Where each run makes its numbered directory of logs."
        ) { value, configuration in
            if case .text(let path) = value { configuration.runDirectory = path }
        },
        Setting(
            "progress", SettingType(.boolean), .boolean(true), "Whether a line on standard error shows the progress."
        ) { value, configuration in
            if case .boolean(let flag) = value { configuration.progress = flag }
        },
        Setting(
            "summary", SettingType(words: ["onTerminal", "always", "never"]), .word("onTerminal"),
            "When the line with tasks, workers, time and rate is printed at the end."
        ) { value, configuration in
            switch value {
            case .word("onTerminal"): configuration.summary = .onTerminal
            case .word("always"): configuration.summary = .always
            case .word("never"): configuration.summary = .never
            default: break
            }
        },
    ]
}
