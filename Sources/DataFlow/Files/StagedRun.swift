import Glibc

/// One run of an app that has files among its arguments, where it runs: stages in, runs the body, looks for the outputs,
/// stages out.
struct StagedRun: Sendable {
    let app: String
    let files: [FoundFile]

    func callAsFunction<R>(_ body: () async throws -> R) async throws -> R {
        defer { removeTemporaries() }
        for found in files {
            guard let place = found.place else { continue }
            if found.isOutput {
                try LocalPath.makeDirectory(LocalPath.directory(place.path))
            } else if let name = place.provider {
                let provider = try StagingScope.provider(named: name, for: found.file)
                try await StagedCopy.bringIn(found.file, with: provider, to: place.path)
            }
        }
        let result = try await body()
        try checkOutputs()
        for found in files where found.isOutput {
            guard let place = found.place, let name = place.provider else { continue }
            let provider = try StagingScope.provider(named: name, for: found.file)
            try await StagedCopy.takeOut(place.path, with: provider, to: found.file)
        }
        return result
    }

    private func checkOutputs() throws {
        let missing = files.compactMap { found -> String? in
            guard found.isOutput, let path = found.place?.path, !LocalPath.exists(path) else { return nil }
            return path
        }
        if !missing.isEmpty {
            throw MissingOutputs(app: app, paths: missing, directory: LocalPath.absolute("."))
        }
    }

    private func removeTemporaries() {
        for case let place? in files.map(\.place) where place.isTemporary {
            unlink(place.path)
            rmdir(LocalPath.directory(place.path))
        }
    }
}
