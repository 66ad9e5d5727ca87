import SystemSupport
import WorkflowCore

/// Join apps: their bodies run on the submit side and return futures.
extension DataFlowKernel {
    /// Runs the body of a join app.
    ///
    /// It may await futures: then it gives its thread to others.
    func startJoin(_ call: any KernelCall) {
        call.note(running: true)
        content.withLock { content in
            // It ends by reporting to the kernel, which waits for every call. Made under the lock, so that whoever looks
            // for it finds it, and the end of an attempt does not overtake its beginning.
            let body = Task.detached(executorPreference: SubmitThreads.shared) {  // why: a body may await
                await Self.$scope.withValue(KernelScope(self, parent: call.taskID)) {
                    await SubmitScope.$isInside.withValue(true) {
                        do {
                            self.joined(call, try await call.runJoin())
                        } catch {
                            self.receive(.failure(error), of: call)
                        }
                    }
                }
            }
            content.joinBodies[call.taskID] = body
        }
    }

    private func joined(_ call: any KernelCall, _ joined: JoinedCalls) {
        call.note(running: false)
        var effects: [KernelState.Effect] = []
        var external: [any DependencySource] = []
        content.withLock { content in
            content.joins[call.taskID] = joined
            content.joinBodies[call.taskID] = nil
            let waits = self.waits(for: joined.dependencies, &content)
            external = waits.external
            content.state.handle(
                .joined(
                    call.taskID, dependencies: waits.own, failed: waits.failed, external: waits.external.count),
                into: &effects)
        }
        wait(for: external, call)
        perform(&effects)
    }

    /// Completes a call whose inner calls have ended.
    func finishJoin(_ call: any KernelCall, failed: Bool, _ effects: inout [KernelState.Effect]) {
        guard let joined = content.withLock({ $0.joins[call.taskID] }) else { return }
        if failed {
            let causes = joined.dependencies.filter { $0.failure != nil }
            return fail(call, .failure(JoinError(call: call.step, failed: causes)), &effects)
        }
        do {
            succeed(call, .value(try joined.value()), &effects)
        } catch {
            fail(call, .failure(error), &effects)
        }
    }
}
