"""Learning to judge from written judgments: files of demonstrations, token rows, the loss, sampling, the recipe."""
