"""What ./deploy does: merges parameters, stamps functions, checks, builds, deploys, and looks whether it runs. docs/DEPLOY.md describes it for who uses it."""
