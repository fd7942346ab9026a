"""Gradio's theme, made of our own tokens."""

import gradio as gr

_TOKENS = {
    "body_background_fill": "canvas",
    "body_text_color": "ink",
    "body_text_color_subdued": "soft",
    "background_fill_primary": "panel",
    "background_fill_secondary": "sunk",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "color_accent_soft": "accent-soft",
    "link_text_color": "accent-ink",
    "block_background_fill": "panel",
    "block_border_color": "line",
    "block_label_text_color": "soft",
    "block_title_text_color": "soft",
    "block_info_text_color": "soft",
    "input_background_fill": "panel",
    "input_border_color": "edge",
    "input_border_color_focus": "focus",
    "input_placeholder_color": "soft",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-ink",
    "button_primary_text_color": "on-accent",
    "button_secondary_background_fill": "panel",
    "button_secondary_background_fill_hover": "hover",
    "button_secondary_border_color": "edge",
    "button_secondary_text_color": "ink",
    "slider_color": "accent",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color_selected": "accent",
}
"""A variable of Gradio's themes -> ours."""


def theme() -> gr.themes.Base:
    """Gradio's own components in the colours, type and space of assets/web/styles/tokens.css."""
    made = gr.themes.Default(
        radius_size="sm", spacing_size="sm", font=["Inter", "sans-serif"], font_mono=["JetBrains Mono", "monospace"]
    )
    both = {name: f"var(--g-{token})" for name, token in _TOKENS.items()}
    return made.set(**both, **{f"{name}_dark": value for name, value in both.items()})
